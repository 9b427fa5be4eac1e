package config

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Print writes the configuration as YAML, each value with a comment that says where
// it came from and every secret hidden (I12).
func (e Effective) Print(w io.Writer) error {
	root := e.section(reflect.ValueOf(e.Config), "")
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	return enc.Close()
}

func (e Effective) section(v reflect.Value, path string) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode}
	for sf := range members(v.Type()) {
		key := join(path, sf.Tag.Get("mapstructure"))
		name := text(sf.Tag.Get("mapstructure"))
		value := v.FieldByIndex(sf.Index)
		if sf.Type.Kind() == reflect.Struct {
			out.Content = append(out.Content, name, e.section(value, key))
			continue
		}
		node := e.leaf(value, key, sf.Tag.Get("secret"))
		out.Content = append(out.Content, name, node)
	}
	return out
}

// leaf shows one value. A secret that only its file holds is not read to be shown.
func (e Effective) leaf(v reflect.Value, key, secret string) *yaml.Node {
	from := e.origins.of(key)
	if o, ok := e.origins[key+fileSuffix]; ok && secret != "" && from.name == "" {
		node := text(hidden)
		node.LineComment = key + fileSuffix + ", " + o.comment()
		return node
	}
	node := encode(v, secret)
	node.LineComment = from.comment()
	if key == opsKey && from.name == "" {
		node.LineComment += " where several stages share a process"
	}
	return node
}

func encode(v reflect.Value, secret string) *yaml.Node {
	switch v.Kind() {
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatBool(v.Bool())}
	case reflect.Int:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatInt(v.Int(), 10)}
	case reflect.Uint32:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatUint(v.Uint(), 10)}
	case reflect.Slice:
		out := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for i := range v.Len() {
			out.Content = append(out.Content, encode(v.Index(i), secret))
		}
		return out
	case reflect.Struct:
		out := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
		for sf := range members(v.Type()) {
			out.Content = append(out.Content, text(sf.Tag.Get("mapstructure")), encode(v.FieldByIndex(sf.Index), secret))
		}
		return out
	}
	return text(mask(secret, v.String()))
}

// text is a scalar that reads back as text, quoted where YAML would take it for
// something else.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	if strings.TrimSpace(s) == "" {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}
