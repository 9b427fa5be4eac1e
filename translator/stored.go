package translator

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// stored is a value that CEL has no exact type for: it keeps the text that
// MySQL stored, so that it leaves as it came (I6), and compares by what the text
// means. Decimals keep their scale, dates their precision and their zero
// values, times their sign and their days.
type stored struct {
	typ  *types.Type
	text string
}

// The types of stored values, as rules and error messages name them.
var (
	decimalType   = types.NewObjectType("mysql.decimal", traits.ComparerType)
	dateType      = types.NewObjectType("mysql.date", traits.ComparerType)
	datetimeType  = types.NewObjectType("mysql.datetime", traits.ComparerType)
	timestampType = types.NewObjectType("mysql.timestamp", traits.ComparerType)
	timeType      = types.NewObjectType("mysql.time", traits.ComparerType)
)

// Type is the CEL type.
func (v stored) Type() ref.Type { return v.typ }

// Value is the text.
func (v stored) Value() any { return v.text }

// ConvertToNative gives the text and nothing else.
func (v stored) ConvertToNative(to reflect.Type) (any, error) {
	if to.Kind() == reflect.String {
		return v.text, nil
	}
	return nil, fmt.Errorf("convert %s to %s: not supported", v.typ, to)
}

// ConvertToType gives the text, or the CEL type that comes nearest: a double
// of a decimal, a timestamp of a date (read as UTC), a duration of a time.
func (v stored) ConvertToType(to ref.Type) ref.Val {
	switch {
	case to == types.StringType:
		return types.String(v.text)
	case to == types.TypeType:
		return v.typ
	case to == types.DoubleType && v.typ == decimalType:
		f, err := strconv.ParseFloat(v.text, 64)
		if err != nil {
			return types.NewErr("%s %q is no double", v.typ, v.text)
		}
		return types.Double(f)
	case to == types.DurationType && v.typ == timeType:
		d, err := parseTime(v.text)
		if err != nil {
			return types.WrapErr(err)
		}
		return types.Duration{Duration: d}
	case to == types.TimestampType && v.isDate():
		at, err := v.instant()
		if err != nil {
			return types.WrapErr(err)
		}
		return types.Timestamp{Time: at}
	}
	return types.NewErr("convert %s to %s: not supported", v.typ, to)
}

// Equal is true for a value of the same type that means the same.
func (v stored) Equal(other ref.Val) ref.Val {
	if o, ok := other.(stored); ok && o == v {
		return types.True
	}
	if other.Type() == types.NullType {
		return types.False
	}
	switch c := v.Compare(other).(type) {
	case types.Int:
		return types.Bool(c == 0)
	default:
		return c
	}
}

// Compare orders values of the same type, decimals and whole numbers, and dates
// and CEL timestamps.
func (v stored) Compare(other ref.Val) ref.Val {
	c, err := v.compare(other)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Int(c)
}

func (v stored) compare(other ref.Val) (int, error) {
	switch o := other.(type) {
	case stored:
		if o.typ == v.typ {
			return v.compareSame(o)
		}
	case types.Int:
		if v.typ == decimalType {
			return compareDecimals(v.text, strconv.FormatInt(int64(o), 10))
		}
	case types.Uint:
		if v.typ == decimalType {
			return compareDecimals(v.text, strconv.FormatUint(uint64(o), 10))
		}
	case types.Timestamp:
		if v.isDate() {
			at, err := v.instant()
			return at.Compare(o.Time), err
		}
	}
	return 0, fmt.Errorf("compare %s with %s: not supported", v.typ, other.Type())
}

func (v stored) compareSame(o stored) (int, error) {
	switch v.typ {
	case decimalType:
		return compareDecimals(v.text, o.text)
	case timeType:
		a, err := parseTime(v.text)
		if err != nil {
			return 0, err
		}
		b, err := parseTime(o.text)
		return cmp.Compare(a, b), err
	}
	return cmp.Compare(sortable(v.text), sortable(o.text)), nil
}

func (v stored) isDate() bool {
	return v.typ == dateType || v.typ == datetimeType || v.typ == timestampType
}

// sortable is a date's text in a form that orders as MySQL orders the dates,
// zero and partial ones included, whatever the precision of their columns.
func sortable(text string) string {
	text = strings.TrimSuffix(text, "Z")
	if strings.IndexByte(text, '.') >= 0 {
		text = strings.TrimRight(text, "0")
		text = strings.TrimSuffix(text, ".")
	}
	return strings.Replace(text, " ", "T", 1)
}

// instant reads a date as UTC. MySQL's zero and partial dates are no instants.
func (v stored) instant() (time.Time, error) {
	layout := "2006-01-02T15:04:05"
	if v.typ == dateType {
		layout = time.DateOnly
	}
	at, err := time.Parse(layout, strings.TrimSuffix(strings.Replace(v.text, " ", "T", 1), "Z"))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q is no point in time", v.typ, v.text)
	}
	return at, nil
}

// parseTime reads MySQL's TIME: [-]hours:minutes:seconds[.fraction], hours
// beyond a day included.
func parseTime(text string) (time.Duration, error) {
	rest, negative := strings.CutPrefix(text, "-")
	parts := strings.Split(rest, ":")
	if len(parts) != 3 {
		return 0, fmt.Errorf("time %q: want [-]hours:minutes:seconds", text)
	}
	d, err := time.ParseDuration(parts[0] + "h" + parts[1] + "m" + parts[2] + "s")
	if err != nil {
		return 0, fmt.Errorf("time %q: want [-]hours:minutes:seconds", text)
	}
	if negative {
		d = -d
	}
	return d, nil
}
