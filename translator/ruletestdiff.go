package translator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// diffEvents compares events one by one and returns "" where all are as expected.
func diffEvents(f *ruleFile, want []expectedEvent, got []outgoing) (string, error) {
	var lines []string
	differs := false
	for i := range max(len(want), len(got)) {
		var wantLine, gotLine string
		attributes := map[string]string{}
		if i < len(want) {
			var err error
			if wantLine, err = want[i].line(); err != nil {
				return "", f.problem(want[i].at, "expect: %v", err)
			}
			attributes = want[i].attributes
		}
		if i < len(got) {
			var err error
			if gotLine, err = got[i].line(attributes); err != nil {
				return "", err
			}
		}
		if wantLine == gotLine {
			lines = append(lines, "  "+wantLine)
			continue
		}
		differs = true
		if wantLine != "" {
			lines = append(lines, "- "+wantLine)
		}
		if gotLine != "" {
			lines = append(lines, "+ "+gotLine)
		}
	}
	if !differs {
		return "", nil
	}
	return strings.Join(lines, "\n"), nil
}

// line is an event on one line: its type, data with sorted keys, and attributes.
func (e expectedEvent) line() (string, error) {
	data, err := yamlValue(e.data)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	canonical, err := canonicalJSON(text)
	return eventLine(e.typ, canonical, e.attributes), err
}

// line is the same of an event that came, with those attributes that are asked for.
func (o outgoing) line(asked map[string]string) (string, error) {
	all := map[string]string{
		expectKey: o.key, expectSequence: o.event.Sequence, expectActor: o.event.Actor,
		expectRequest: o.event.Request, expectTime: o.event.Time.Format(time.RFC3339Nano),
	}
	maps.DeleteFunc(all, func(name, _ string) bool { _, ok := asked[name]; return !ok })
	canonical, err := canonicalJSON(o.event.Data)
	return eventLine(o.event.Type, canonical, all), err
}

func eventLine(typ, data string, attributes map[string]string) string {
	line := typ + ": " + data
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		line += fmt.Sprintf(", %s: %q", name, attributes[name])
	}
	return line
}

// yamlValue reads a YAML value as rules would make it: what YAML alone takes for
// a date stays the text that it is.
func yamlValue(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.AliasNode:
		return yamlValue(n.Alias)
	case yaml.MappingNode:
		object := make(map[string]any)
		for i := 0; i < len(n.Content); i += 2 {
			v, err := yamlValue(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			object[n.Content[i].Value] = v
		}
		return object, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			v, err := yamlValue(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}
	if n.Tag == "!!timestamp" {
		return n.Value, nil
	}
	var v any
	err := n.Decode(&v)
	return v, err
}

// canonicalJSON orders the keys and writes equal numbers equally.
func canonicalJSON(text []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", fmt.Errorf("read %q: %w", text, err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(normal(v)); err != nil {
		return "", fmt.Errorf("write %q: %w", text, err)
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

func normal(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k := range x {
			x[k] = normal(x[k])
		}
	case []any:
		for i := range x {
			x[i] = normal(x[i])
		}
	case json.Number:
		if r, ok := new(big.Rat).SetString(x.String()); ok && r.IsInt() {
			return json.Number(r.Num().String())
		}
		if f, err := strconv.ParseFloat(x.String(), 64); err == nil {
			return f
		}
	}
	return v
}
