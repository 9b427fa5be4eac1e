package translator

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"telltale/schemas/change"
)

// column is how the rules see one column of a shape.
type column struct {
	name string
	// typ is the static CEL type; nil where rules cannot read the column.
	typ *cel.Type
	// mysql is the column's type in MySQL's words.
	mysql    string
	nullable bool
	// decode makes the CEL value of a JSON value that is not null.
	decode func(raw []byte) (ref.Val, error)
}

// newColumn maps a MySQL type to a CEL type. A nullable column of a CEL
// primitive gets the wrapper type, which compares with null and with the
// primitive; the other types compare with null as they are.
func newColumn(c change.Column) column {
	out := column{name: c.Name, mysql: c.Type, nullable: c.Nullable}
	out.typ, out.decode = celType(c.Type)
	if !c.Nullable || out.typ == nil {
		return out
	}
	switch out.typ.Kind() {
	case cel.ListKind: // CEL has no nullable list.
		out.typ = cel.DynType
	case cel.StructKind:
	default:
		out.typ = cel.NullableType(out.typ)
	}
	return out
}

// celType follows the lossless representation of the raw changes.
func celType(mysql string) (*cel.Type, func([]byte) (ref.Val, error)) {
	base := mysql
	if i := strings.IndexAny(base, " ("); i >= 0 {
		base = base[:i]
	}
	switch base {
	case "tinyint", "smallint", "mediumint", "int", "year":
		return cel.IntType, decodeInt
	case "bigint":
		if strings.Contains(mysql, "unsigned") {
			return cel.UintType, decodeUint
		}
		return cel.IntType, decodeInt
	case "float", "double":
		return cel.DoubleType, decodeDouble
	case "decimal":
		return decimalType, decodeStored(decimalType)
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "json", "uuid", "inet4", "inet6":
		return cel.StringType, decodeString
	case "set":
		return cel.ListType(cel.StringType), decodeSet
	case "date":
		return dateType, decodeStored(dateType)
	case "datetime":
		return datetimeType, decodeStored(datetimeType)
	case "timestamp":
		return timestampType, decodeStored(timestampType)
	case "time":
		return timeType, decodeStored(timeType)
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return cel.BytesType, decodeBytes
	case "bit":
		if mysql == "bit(1)" || mysql == "bit" {
			return cel.BoolType, decodeBool
		}
	}
	return nil, nil
}

func decodeInt(raw []byte) (ref.Val, error) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return types.Int(n), err
}

func decodeUint(raw []byte) (ref.Val, error) {
	n, err := strconv.ParseUint(string(raw), 10, 64)
	return types.Uint(n), err
}

func decodeDouble(raw []byte) (ref.Val, error) {
	f, err := strconv.ParseFloat(string(raw), 64)
	return types.Double(f), err
}

func decodeString(raw []byte) (ref.Val, error) {
	text, err := quoted(raw)
	return types.String(text), err
}

func decodeStored(typ *types.Type) func([]byte) (ref.Val, error) {
	return func(raw []byte) (ref.Val, error) {
		text, err := quoted(raw)
		return stored{typ: typ, text: string(text)}, err
	}
}

func decodeBytes(raw []byte) (ref.Val, error) {
	text, err := quoted(raw)
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	return types.Bytes(b), err
}

func decodeBool(raw []byte) (ref.Val, error) {
	b, err := strconv.ParseBool(string(raw))
	return types.Bool(b), err
}

func decodeSet(raw []byte) (ref.Val, error) {
	s := scanner{b: raw}
	if s.peek() != '[' {
		return nil, s.syntax("an array")
	}
	s.i++
	members := []string{}
	for s.peek() != ']' {
		if s.peek() == ',' {
			s.i++
		}
		member, err := s.value()
		if err != nil {
			return nil, err
		}
		text, err := quoted(member)
		if err != nil {
			return nil, err
		}
		members = append(members, string(text))
	}
	return types.NewStringList(types.DefaultTypeAdapter, members), nil
}

// quoted returns the text of a JSON string.
func quoted(raw []byte) ([]byte, error) {
	if len(raw) < 2 || raw[0] != '"' {
		return nil, fmt.Errorf("want a JSON string, got one that begins with %.1q", raw)
	}
	return unquote(raw, bytes.IndexByte(raw, '\\') >= 0)
}
