package change_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"telltale/schemas/change"
)

func compileSchema(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

// What Parse reads, Marshal writes again byte for byte, and the schema accepts.
func TestEnvelopesOnTheWire(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t, "envelope.schema.json")
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("got %d files and %v, want three at least", len(files), err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			envelope, err := change.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(envelope)
			if err != nil {
				t.Fatal(err)
			}
			if want := bytes.TrimSpace(text); !bytes.Equal(again, want) {
				t.Errorf("\ngot  %s\nwant %s", again, want)
			}
			if err := validate(t, schema, text); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEnvelopeSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t, "envelope.schema.json")
	valid, err := os.ReadFile("testdata/create.json")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new string }{
		{"an unknown op", `"op":"c"`, `"op":"x"`},
		{"a create with a before image", `"before":null`, `"before":{}`},
		{"no shape", `"shape":"tino7xehvctt"`, `"shap":"x"`},
		{"no id", `"id":"3e11fa47-71ca-11e1-9e33-c80aa9429562:23:shop.customers:0"`, `"i":"x"`},
		{"a transaction without last", `,"last":true`, ``},
		{"a position that is no number", `"pos":1234`, `"pos":"1234"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spoilt := strings.Replace(string(valid), tt.old, tt.new, 1)
			if spoilt == string(valid) {
				t.Fatalf("the example has no %q", tt.old)
			}
			if err := validate(t, schema, []byte(spoilt)); err == nil {
				t.Error("accepted, want an error")
			}
		})
	}
}

// Every field that the Go types write is described by the schema.
func TestSchemasDescribeEveryField(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file, pointer string
		value         any
	}{
		{"envelope.schema.json", "", change.Envelope{}},
		{"envelope.schema.json", "source", change.Source{}},
		{"envelope.schema.json", "transaction", change.Transaction{}},
		{"shape.schema.json", "", change.Shape{}},
	}
	for _, tt := range tests {
		t.Run(reflect.TypeOf(tt.value).Name(), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			type object struct {
				Properties map[string]any `json:"properties"`
			}
			var schema struct {
				object
				Defs map[string]object `json:"$defs"`
			}
			if err := json.Unmarshal(text, &schema); err != nil {
				t.Fatal(err)
			}
			described := schema.Properties
			if tt.pointer != "" {
				described = schema.Defs[tt.pointer].Properties
			}
			typ := reflect.TypeOf(tt.value)
			for i := range typ.NumField() {
				name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				if described[name] == nil {
					t.Errorf("%s: field %q is not described", tt.file, name)
				}
			}
			if got, want := len(described), typ.NumField(); got != want {
				t.Errorf("%s describes %d fields, the type has %d", tt.file, got, want)
			}
		})
	}
}

func TestParseProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"no JSON", "x", "parse raw change of 1 bytes: invalid character 'x' looking for beginning of value"},
		{"unknown op", `{"op":"x","id":"a"}`, `parse raw change "a": unknown op "x"`},
		{"no op", `{}`, `parse raw change "": unknown op ""`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := change.Parse([]byte(tt.text))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
