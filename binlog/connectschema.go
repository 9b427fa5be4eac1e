package binlog

import "strconv"

// connectSchema is a schema of Kafka Connect. Its texts are known to be UTF-8:
// names and members of the table's own.
type connectSchema struct {
	kind         string
	fields       []connectSchema
	items        *connectSchema // Of an array.
	keys, values *connectSchema // Of a map.
	nullable     bool
	name         string
	version      int
	doc          string
	parameters   []parameter
	byDefault    string
	// at is its name where it is a field of a struct.
	at string
}

// parameter is one of a schema's, which have an order.
type parameter struct{ name, value string }

// append appends the schema as Connect's JsonConverter writes it, member by
// member in its order: a key is the same record for Kafka only where its bytes
// are.
func (s connectSchema) append(dst []byte) []byte {
	dst = appendMember(dst, `{"type":`, s.kind)
	if s.kind == "struct" {
		dst = append(dst, `,"fields":[`...)
		for i, f := range s.fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = f.append(dst)
		}
		dst = append(dst, ']')
	}
	for _, of := range []struct {
		member string
		schema *connectSchema
	}{{`,"items":`, s.items}, {`,"keys":`, s.keys}, {`,"values":`, s.values}} {
		if of.schema != nil {
			dst = of.schema.append(append(dst, of.member...))
		}
	}
	dst = strconv.AppendBool(append(dst, `,"optional":`...), s.nullable)
	if s.name != "" {
		dst = appendMember(dst, `,"name":`, s.name)
	}
	if s.version != 0 {
		dst = strconv.AppendInt(append(dst, `,"version":`...), int64(s.version), 10)
	}
	if s.doc != "" {
		dst = appendMember(dst, `,"doc":`, s.doc)
	}
	for i, p := range s.parameters {
		if i == 0 {
			dst = append(dst, `,"parameters":{`...)
		} else {
			dst = append(dst, ',')
		}
		dst = appendName(append(appendName(dst, p.name), ':'), p.value)
	}
	if len(s.parameters) > 0 {
		dst = append(dst, '}')
	}
	if s.byDefault != "" {
		dst = appendMember(dst, `,"default":`, s.byDefault)
	}
	if s.at != "" {
		dst = appendMember(dst, `,"field":`, s.at)
	}
	return append(dst, '}')
}

// appendMember appends a member's name, as it stands in JSON, and its text.
func appendMember(dst []byte, name, text string) []byte {
	return appendName(append(dst, name...), text)
}

// field gives the schema its place in a struct.
func (s connectSchema) field(name string) connectSchema {
	s.at = name
	return s
}

// optional lets the value be null.
func (s connectSchema) optional() connectSchema {
	s.nullable = true
	return s
}

// plainOf is a schema that says nothing but the type.
func plainOf(typ string) connectSchema { return connectSchema{kind: typ} }

// semantic is a schema whose name says what the value means.
func semantic(typ, name string) connectSchema {
	return connectSchema{kind: typ, name: name, version: 1}
}

// structOf is a struct with a name.
func structOf(name string, version int, fields ...connectSchema) connectSchema {
	return connectSchema{kind: "struct", name: name, version: version, fields: fields}
}

// arrayOf is an array of values of one schema.
func arrayOf(items connectSchema) connectSchema {
	return connectSchema{kind: "array", items: &items}
}

// decimalOf is Connect's decimal. JsonConverter reads it from a number or from
// the base64 of its unscaled bytes.
func decimalOf(precision, scale int) connectSchema {
	s := semantic("bytes", "org.apache.kafka.connect.data.Decimal")
	s.parameters = []parameter{{"scale", strconv.Itoa(scale)}, {"connect.decimal.precision", strconv.Itoa(precision)}}
	return s
}

// mapOf is a map, which JsonConverter writes as an object where its keys are
// text.
func mapOf(keys, values connectSchema) connectSchema {
	return connectSchema{kind: "map", keys: &keys, values: &values}
}
