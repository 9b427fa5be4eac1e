package config

import (
	"encoding/csv"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalar reads text as a value of type t. Whole numbers come back as int and lists
// as []any, whatever t's own type, so that values of all layers merge.
func scalar(text string, t reflect.Type) (any, error) {
	switch t.Kind() {
	case reflect.String:
		return text, nil
	case reflect.Bool:
		return strconv.ParseBool(text)
	case reflect.Int:
		n, err := strconv.ParseInt(text, 0, 32)
		return int(n), err
	case reflect.Uint32:
		n, err := strconv.ParseUint(text, 0, 32)
		return int(n), err
	case reflect.Slice:
		return split(text)
	}
	return nil, fmt.Errorf("no text form of %v", t)
}

// split reads a comma-separated list; an item that holds a comma is put in double
// quotes, as in CSV.
func split(text string) ([]any, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	items, err := r.Read()
	if err != nil {
		return nil, err
	}
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = strings.TrimSpace(item)
	}
	return out, nil
}

// scalarTag is the YAML tag that a scalar of type t must resolve to. It is strict,
// since YAML turns unquoted 0123 and no into something else than their text.
func scalarTag(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "!!str"
	case reflect.Bool:
		return "!!bool"
	case reflect.Int, reflect.Uint32:
		return "!!int"
	}
	return ""
}

// wanted says in words what a value of type t looks like.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Uint32:
		return "a whole number from 0 to 4294967295"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return "a list of texts"
		}
		return "a list of entries with " + strings.Join(names(t.Elem()), " and ")
	}
	return "keys and values"
}

// describe says in words what a node is; it never shows its value, which may be a
// secret.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!str":
		return "text"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	}
	return n.ShortTag()
}
