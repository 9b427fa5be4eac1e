package change_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"telltale/schemas/change"
)

func exampleShape() change.Shape {
	return change.Shape{
		DB: "shop", Table: "customers", PrimaryKey: []string{"id"},
		Columns: []change.Column{
			{Name: "id", Type: "bigint unsigned"},
			{Name: "name", Type: "varchar(100)", Charset: "utf8mb4"},
			{Name: "phone", Type: "varchar(32)", Nullable: true, Charset: "utf8mb4"},
		},
	}
}

func TestShapeTopicAndOrder(t *testing.T) {
	t.Parallel()
	shape := exampleShape()
	if got, want := shape.Topic("src"), "src.shop.customers"; got != want {
		t.Errorf("topic: got %s, want %s", got, want)
	}
	if got, want := shape.OrderedBy(), []string{"id"}; !slices.Equal(got, want) {
		t.Errorf("ordered by %q, want %q", got, want)
	}
	shape.Aggregate, shape.KeyColumn = "client", "client_id"
	if got, want := shape.Topic("src"), "src.client"; got != want {
		t.Errorf("routed topic: got %s, want %s", got, want)
	}
	if got, want := shape.OrderedBy(), []string{"client_id"}; !slices.Equal(got, want) {
		t.Errorf("routed: ordered by %q, want %q", got, want)
	}
}

// The id is part of the wire: another value would make readers take a known
// shape for a new one.
func TestShapeID(t *testing.T) {
	t.Parallel()
	shape := exampleShape().WithID()
	if got, want := shape.Key(), "shop.customers@c90fvz4hn40d"; got != want {
		t.Errorf("key: got %s, want %s", got, want)
	}
	if again := shape.WithID(); again.ID != shape.ID {
		t.Errorf("the id depends on the id: got %s, then %s", shape.ID, again.ID)
	}
}

func TestShapeIDTellsShapesApart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*change.Shape)
	}{
		{"database", func(s *change.Shape) { s.DB = "shop2" }},
		{"table", func(s *change.Shape) { s.Table = "clients" }},
		{"border of database and table", func(s *change.Shape) { s.DB, s.Table = "shop.c", "ustomers" }},
		{"column name", func(s *change.Shape) { s.Columns[1].Name = "names" }},
		{"column type", func(s *change.Shape) { s.Columns[1].Type = "varchar(101)" }},
		{"nullable", func(s *change.Shape) { s.Columns[1].Nullable = true }},
		{"charset", func(s *change.Shape) { s.Columns[1].Charset = "latin1" }},
		{"order", func(s *change.Shape) { slices.Reverse(s.Columns) }},
		{"a column less", func(s *change.Shape) { s.Columns = s.Columns[:2] }},
		{"primary key", func(s *change.Shape) { s.PrimaryKey = []string{"name"} }},
		{"encoding", func(s *change.Shape) { s.Encoding = "debezium" }},
		{"format", func(s *change.Shape) { s.Format = "json-with-schema" }},
		{"no primary key", func(s *change.Shape) { s.PrimaryKey = nil }},
		{"routed", func(s *change.Shape) { s.Aggregate, s.KeyColumn = "customer", "id" }},
		{"routed elsewhere", func(s *change.Shape) { s.Aggregate, s.KeyColumn = "client", "id" }},
		{"routed by another column", func(s *change.Shape) { s.Aggregate, s.KeyColumn = "customer", "name" }},
	}
	seen := map[string]string{exampleShape().WithID().ID: "the example"}
	for _, tt := range tests {
		shape := exampleShape()
		tt.change(&shape)
		id := shape.WithID().ID
		if other, taken := seen[id]; taken {
			t.Errorf("%s: has the id of %s", tt.name, other)
		}
		seen[id] = tt.name
	}
}

func TestShapeOnTheWire(t *testing.T) {
	t.Parallel()
	routed := exampleShape()
	routed.Aggregate, routed.KeyColumn = "customer", "id"
	for _, shape := range []change.Shape{exampleShape().WithID(), routed.WithID()} {
		text, err := json.Marshal(shape)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, compileSchema(t, "shape.schema.json"), text); err != nil {
			t.Error(err)
		}
		again, err := change.ParseShape(text)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, shape) {
			t.Errorf("\ngot  %+v\nwant %+v", again, shape)
		}
	}
	for _, text := range []string{`{"db":"a","table":"b"}`, `{`, `{"db":1}`} {
		if _, err := change.ParseShape([]byte(text)); err == nil {
			t.Errorf("%s: accepted, want an error", text)
		}
	}
}
