package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"telltale/internal/nearest"
)

// DefaultFile is the file in the working directory that is read when it is there
// and no other is named.
const DefaultFile = "telltale.yaml"

// document is a configuration file on its way to values: what it sets, where, and
// what is wrong with it.
type document struct {
	name  string
	from  origins
	found *collector
}

// readFile returns the values that the file sets, as maps, lists and scalars, and
// records their origins. A file that was not named may be missing; ok is false when
// the file cannot be read at all.
func readFile(name string, from origins, found *collector) (values map[string]any, ok bool) {
	optional := name == ""
	if optional {
		name = DefaultFile
	}
	text, err := os.ReadFile(name)
	if optional && errors.Is(err, os.ErrNotExist) {
		return nil, true
	}
	if err != nil {
		found.add("read configuration: %v", err)
		return nil, false
	}
	d := document{name: name, from: from, found: found}
	root, err := d.parse(text)
	if err != nil {
		found.add("%v", err)
		return nil, false
	}
	if root == nil {
		return nil, true
	}
	return d.mapping(root, reflect.TypeFor[Config](), ""), true
}

// parse returns the top node of the one document in text, nil when it is empty.
func (d document) parse(text []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, d.syntaxError(err)
	}
	if err := dec.Decode(&next); err == nil {
		return nil, fmt.Errorf("%s line %d: a second YAML document begins; only one is read", d.name, next.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, d.syntaxError(err)
	}
	root := doc.Content[0]
	if root.ShortTag() == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s line %d: the file must hold keys and values, not %s", d.name, root.Line, describe(root))
	}
	return root, nil
}

// parserLine takes apart what the YAML parser says about a place.
var parserLine = regexp.MustCompile(`^line (\d+): (.*)$`)

// syntaxError puts the file's name where the parser says yaml.
func (d document) syntaxError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if at := parserLine.FindStringSubmatch(text); at != nil {
		return fmt.Errorf("%s line %s: %s", d.name, at[1], at[2])
	}
	return fmt.Errorf("%s: %s", d.name, text)
}

// mapping reads the keys of a struct type from a mapping node.
func (d document) mapping(n *yaml.Node, t reflect.Type, path string) map[string]any {
	out := make(map[string]any)
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], resolve(n.Content[i+1])
		key := join(path, name.Value)
		at := fromFile(d.name, name.Line)
		if first, twice := seen[name.Value]; twice {
			d.found.add("`%s` is set twice in %s: lines %d and %d; keep one", key, d.name, first, name.Line)
			continue
		}
		seen[name.Value] = name.Line
		sf, known := member(t, name.Value)
		if !known {
			d.unknown(key, path, t, at)
			continue
		}
		d.from.set(key, at)
		if v, ok := d.value(value, sf.Type, key); ok {
			out[name.Value] = v
		}
	}
	return out
}

// value reads one node as a value of type t; ok is false when it is not one.
func (d document) value(n *yaml.Node, t reflect.Type, key string) (v any, ok bool) {
	isNull := n.ShortTag() == "!!null"
	switch {
	case t.Kind() == reflect.Struct && isNull:
		return nil, false
	case isNull:
		d.found.refuse(key, "`%s` in %v has no value: give it one or remove the line", key, d.from.of(key))
		return nil, false
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		return d.mapping(n, t, key), true
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		return d.list(n, t.Elem(), key)
	case n.Kind == yaml.ScalarNode && scalarTag(t) == n.ShortTag():
		v, err := scalar(n.Value, t)
		if err != nil {
			d.found.refuse(key, "`%s` in %v must be %s, not %s", key, d.from.of(key), wanted(t), n.Value)
		}
		return v, err == nil
	}
	hint := ""
	if n.Kind == yaml.ScalarNode && scalarTag(t) == "!!str" {
		hint = ": put it in quotes"
	}
	d.found.refuse(key, "`%s` in %v must be %s, not %s%s", key, d.from.of(key), wanted(t), describe(n), hint)
	return nil, false
}

// list reads a sequence; one entry that is wrong makes it wrong as a whole, so that
// the places of the others stay true.
func (d document) list(n *yaml.Node, elem reflect.Type, key string) (v any, ok bool) {
	out := make([]any, 0, len(n.Content))
	for i, entry := range n.Content {
		at := item(key, i)
		d.from.set(at, fromFile(d.name, entry.Line))
		if v, ok := d.value(resolve(entry), elem, at); ok {
			out = append(out, v)
		}
	}
	if len(out) < len(n.Content) {
		d.found.mute(key)
		return nil, false
	}
	return out, true
}

// unknown reports a key that Config does not have, with the one that was probably
// meant, which then is not reported as missing.
func (d document) unknown(key, path string, t reflect.Type, at origin) {
	if guess := guessKey(key, path, t); guess != "" {
		d.found.refuse(key, "unknown key `%s` in %v; did you mean `%s`?", key, at, guess)
		d.found.mute(guess)
		return
	}
	d.found.refuse(key, "unknown key `%s` in %v; known here: %s", key, at, strings.Join(names(t), ", "))
}

// guessKey looks for the key that was probably meant: a near spelling beside it,
// the same name in another section.
func guessKey(key, path string, t reflect.Type) string {
	name := key[strings.LastIndexByte(key, '.')+1:]
	if guess := nearest.Of(name, names(t)); guess != "" {
		return join(path, guess)
	}
	for _, f := range fields() {
		if strings.HasSuffix(f.key, "."+name) {
			return f.key
		}
	}
	return ""
}

func member(t reflect.Type, name string) (reflect.StructField, bool) {
	for sf := range members(t) {
		if sf.Tag.Get("mapstructure") == name {
			return sf, true
		}
	}
	return reflect.StructField{}, false
}

func names(t reflect.Type) []string {
	var out []string
	for sf := range members(t) {
		out = append(out, sf.Tag.Get("mapstructure"))
	}
	return out
}

// resolve follows an alias to what its anchor names.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}
