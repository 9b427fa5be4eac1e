package config

import (
	"reflect"
	"strings"
)

const envPrefix = "TELLTALE_"

// field is one leaf of Config: a value that a person can set.
type field struct {
	key    string
	index  []int
	typ    reflect.Type
	help   string
	secret string
}

// env is the field's environment variable.
func (f field) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(f.key, ".", "_"))
}

// flag is the field's flag, without the leading dashes.
func (f field) flag() string {
	return strings.NewReplacer(".", "-", "_", "-").Replace(f.key)
}

// oneLine tells whether the value fits a flag or an environment variable; a list
// of objects does not.
func (f field) oneLine() bool {
	return f.typ.Kind() != reflect.Slice || f.typ.Elem().Kind() == reflect.String
}

// of returns the field's value in c.
func (f field) of(c Config) reflect.Value {
	return reflect.ValueOf(c).FieldByIndex(f.index)
}

// fields lists the leaves of Config in the order in which it declares them.
func fields() []field {
	return leaves(reflect.TypeFor[Config](), "", nil)
}

func leaves(t reflect.Type, prefix string, index []int) []field {
	var out []field
	for sf := range members(t) {
		at := append(append([]int(nil), index...), sf.Index...)
		key := join(prefix, sf.Tag.Get("mapstructure"))
		if sf.Type.Kind() == reflect.Struct {
			out = append(out, leaves(sf.Type, key, at)...)
			continue
		}
		out = append(out, field{
			key: key, index: at, typ: sf.Type,
			help: sf.Tag.Get("help"), secret: sf.Tag.Get("secret"),
		})
	}
	return out
}

// members ranges over the fields of a struct type.
func members(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// leaf returns the field with the given key, which must exist.
func leaf(key string) field {
	for _, f := range fields() {
		if f.key == key {
			return f
		}
	}
	panic("config: no key " + key)
}
