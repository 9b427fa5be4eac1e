package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Row is a row as far as the load knows it: a JSON object with its keys in order,
// so that two rows are equal where the texts are. Empty is no row.
type Row string

// NewRow is the row that a value is in JSON.
func NewRow(v any) (Row, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode a row of type %T: %w", v, err)
	}
	return parseRow(text)
}

// parseRow reads an object or null.
func parseRow(text []byte) (Row, error) {
	object, err := decodeObject(text)
	if err != nil || object == nil {
		return "", err
	}
	return encodeObject(object)
}

func decodeObject(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // 64 bits do not fit a float.
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("decode the row %q: %w", text, err)
	}
	return object, nil
}

func encodeObject(object map[string]any) (Row, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return "", fmt.Errorf("encode a row: %w", err)
	}
	return Row(text), nil
}

// Only is the row with those columns alone. Columns that it does not have are left
// out.
func (r Row) Only(columns []string) (Row, error) {
	if r == "" {
		return "", nil
	}
	object, err := decodeObject([]byte(r))
	if err != nil {
		return "", err
	}
	for column := range object {
		if !slices.Contains(columns, column) {
			delete(object, column)
		}
	}
	return encodeObject(object)
}

// key are the columns of a key, or none where one is missing.
func (r Row) key(columns []string) (Row, error) {
	key, err := r.Only(columns)
	if err != nil {
		return "", err
	}
	there, err := key.columns()
	if err != nil || len(there) < len(columns) {
		return "", err
	}
	return key, nil
}

// columns are those that the row has; none where there is no row.
func (r Row) columns() ([]string, error) {
	if r == "" {
		return nil, nil
	}
	object, err := decodeObject([]byte(r))
	return slices.Collect(maps.Keys(object)), err
}

// version is the row's column of that name.
func (r Row) version() (int64, error) {
	var v struct {
		Version int64 `json:"version"`
	}
	if err := json.Unmarshal([]byte(r), &v); err != nil {
		return 0, fmt.Errorf("read the version of the row %s: %w", r, err)
	}
	return v.Version, nil
}

// MarshalJSON implements json.Marshaler: no row is null.
func (r Row) MarshalJSON() ([]byte, error) {
	if r == "" {
		return []byte("null"), nil
	}
	return []byte(r), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Row) UnmarshalJSON(text []byte) (err error) {
	*r, err = parseRow(text)
	return err
}

// Nullable is a text that is NULL where it is empty.
type Nullable string

// MarshalJSON implements json.Marshaler.
func (n Nullable) MarshalJSON() ([]byte, error) {
	if n == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(n))
}
