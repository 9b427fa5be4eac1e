package translator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// appendValue appends a CEL value as JSON, always the same bytes for the same
// value (I8).
func appendValue(dst []byte, v ref.Val) ([]byte, error) {
	switch x := v.(type) {
	case types.String:
		return appendString(dst, string(x)), nil
	case stored:
		return appendString(dst, x.text), nil
	case types.Int:
		return fmt.Append(dst, int64(x)), nil
	case types.Uint:
		return fmt.Append(dst, uint64(x)), nil
	case types.Bool:
		return fmt.Append(dst, bool(x)), nil
	case types.Null:
		return append(dst, "null"...), nil
	case types.Double:
		return appendDouble(dst, float64(x))
	case types.Bytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, x)
		return append(dst, '"'), nil
	case types.Timestamp:
		return x.UTC().AppendFormat(dst, `"`+time.RFC3339Nano+`"`), nil
	case types.Duration:
		return appendValue(dst, x.ConvertToType(types.StringType))
	case traits.Mapper:
		return appendMap(dst, x)
	case traits.Lister:
		return appendList(dst, x)
	}
	return nil, fmt.Errorf("a value of type %s has no JSON", v.Type())
}

func appendDouble(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("the number %v has no JSON", f)
	}
	text, err := json.Marshal(f)
	return append(dst, text...), err
}

func appendList(dst []byte, list traits.Lister) ([]byte, error) {
	dst = append(dst, '[')
	first := true
	for it := list.Iterator(); it.HasNext() == types.True; first = false {
		if !first {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, it.Next()); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// appendMap orders the keys, since a CEL map has no order.
func appendMap(dst []byte, m traits.Mapper) ([]byte, error) {
	var keys []string
	for it := m.Iterator(); it.HasNext() == types.True; {
		key := it.Next()
		text, ok := key.(types.String)
		if !ok {
			return nil, fmt.Errorf("a map with a key of type %s has no JSON, only texts can be keys", key.Type())
		}
		keys = append(keys, string(text))
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, key), ':')
		var err error
		if dst, err = appendValue(dst, m.Get(types.String(key))); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// appendString appends a JSON string and escapes what must be, nothing else.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		if c < ' ' {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, '\\', c)
		}
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
