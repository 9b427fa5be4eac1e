package binlog

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// connectSchema is a schema of Kafka Connect as its JsonConverter writes it; the
// fields stand in the order in which it does.
type connectSchema struct {
	Type       string          `json:"type"`
	Fields     []connectSchema `json:"fields,omitempty"`
	Items      *connectSchema  `json:"items,omitempty"`
	Keys       *connectSchema  `json:"keys,omitempty"`
	Values     *connectSchema  `json:"values,omitempty"`
	Optional   bool            `json:"optional"`
	Name       string          `json:"name,omitempty"`
	Version    int             `json:"version,omitempty"`
	Doc        string          `json:"doc,omitempty"`
	Parameters parameters      `json:"parameters,omitempty"`
	Default    string          `json:"default,omitempty"`
	// Field is its name where it is a field of a struct.
	Field string `json:"field,omitempty"`
}

// parameters are a schema's, in their order.
type parameters []struct{ name, value string }

// MarshalJSON implements json.Marshaler.
func (p parameters) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, one := range p {
		if i > 0 {
			out = append(out, ',')
		}
		for j, text := range []string{one.name, one.value} {
			var err error
			if out, err = appendString(out, []byte(text)); err != nil {
				return nil, fmt.Errorf("parameter %s: %w", one.name, err)
			}
			if j == 0 {
				out = append(out, ':')
			}
		}
	}
	return append(out, '}'), nil
}

// encode writes the schema as JsonConverter does, which escapes nothing for the
// sake of HTML.
func (s connectSchema) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("encode the schema of %s: %w", s.Name, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// field gives the schema its place in a struct.
func (s connectSchema) field(name string) connectSchema {
	s.Field = name
	return s
}

// optional lets the value be null.
func (s connectSchema) optional() connectSchema {
	s.Optional = true
	return s
}

// plainOf is a schema that says nothing but the type.
func plainOf(typ string) connectSchema { return connectSchema{Type: typ} }

// semantic is a schema whose name says what the value means.
func semantic(typ, name string) connectSchema {
	return connectSchema{Type: typ, Name: name, Version: 1}
}

// structOf is a struct with a name.
func structOf(name string, version int, fields ...connectSchema) connectSchema {
	return connectSchema{Type: "struct", Name: name, Version: version, Fields: fields}
}

// arrayOf is an array of values of one schema.
func arrayOf(items connectSchema) connectSchema {
	return connectSchema{Type: "array", Items: &items}
}

// decimalOf is Connect's decimal. JsonConverter reads it from a number or from
// the base64 of its unscaled bytes.
func decimalOf(precision, scale int) connectSchema {
	s := semantic("bytes", "org.apache.kafka.connect.data.Decimal")
	s.Parameters = parameters{{"scale", fmt.Sprint(scale)}}
	if precision > 0 {
		s.Parameters = append(s.Parameters, parameters{{"connect.decimal.precision", fmt.Sprint(precision)}}...)
	}
	return s
}

// mapOf is a map, which JsonConverter writes as an object where its keys are
// text.
func mapOf(keys, values connectSchema) connectSchema {
	return connectSchema{Type: "map", Keys: &keys, Values: &values}
}
