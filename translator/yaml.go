package translator

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"telltale/internal/nearest"
)

// fields are the keys that a mapping may have, each with its reader.
type fields map[string]func(*yaml.Node) error

// mapping reads a YAML mapping with known keys. A key that is unknown or there
// twice is a Problem.
func (p *parser) mapping(n *yaml.Node, what string, known fields) error {
	return p.pairs(n, what, func(k, v *yaml.Node) error {
		read, ok := known[k.Value]
		if !ok {
			return p.unknownKey(k, what, slices.Sorted(maps.Keys(known)))
		}
		return read(v)
	})
}

func (p *parser) unknownKey(k *yaml.Node, what string, known []string) error {
	if near := nearest.Of(k.Value, known); near != "" {
		return p.problem(k, "%s has no key %q; did you mean %q?", what, k.Value, near)
	}
	return p.problem(k, "%s has no key %q; it has %s", what, k.Value, strings.Join(known, ", "))
}

// pairs hands over the keys and values of a mapping in the file's order.
func (p *parser) pairs(n *yaml.Node, what string, f func(k, v *yaml.Node) error) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return p.problem(n, "%s: want a mapping of keys to values", what)
	}
	seen := make(map[string]bool)
	for i := 0; i < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if seen[k.Value] {
			return p.problem(k, "%s has the key %q twice", what, k.Value)
		}
		seen[k.Value] = true
		if v.Kind == yaml.AliasNode {
			v = v.Alias
		}
		if err := f(k, v); err != nil {
			return err
		}
	}
	return nil
}

// list reads each item of a YAML sequence.
func (p *parser) list(what string, f func(*yaml.Node) error) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.SequenceNode {
			return p.problem(n, "%s: want a list", what)
		}
		for _, item := range n.Content {
			if item.Kind == yaml.AliasNode {
				item = item.Alias
			}
			if err := f(item); err != nil {
				return err
			}
		}
		return nil
	}
}

// text reads a scalar as its text.
func (p *parser) text(to *string, what string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			return p.problem(n, "%s: want a text", what)
		}
		*to = n.Value
		return nil
	}
}

// word reads a scalar that must match a pattern.
func (p *parser) word(to *string, pattern *regexp.Regexp, what string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := p.text(to, what)(n); err != nil {
			return err
		}
		if !pattern.MatchString(*to) {
			return p.problem(n, "%s is %q, which does not match %s", what, *to, pattern)
		}
		return nil
	}
}

// expression reads the text of a CEL expression. YAML numbers and booleans are
// CEL literals as they stand.
func (p *parser) expression(to *source) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" {
			return p.problem(n, "want an expression, as one YAML text (quote it where it has a colon or braces)")
		}
		*to = source{text: n.Value, at: n.Line}
		return nil
	}
}
