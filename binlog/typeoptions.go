package binlog

import (
	"fmt"
	"slices"
	"strings"

	"telltale/internal/nearest"
)

// The profiles of Options.Types.
const (
	typesLossless = "lossless"
	typesDebezium = "debezium"
)

// TypeOptions are single choices of how values are written, each named as
// Debezium's option of the same meaning with underscores for dots. An empty one
// is the profile's: Debezium's own default, or the lossless form.
type TypeOptions struct {
	// DecimalHandlingMode is for DECIMAL: precise (base64 of the unscaled
	// big-endian integer), double or string.
	DecimalHandlingMode string
	// TimePrecisionMode is for DATE, TIME and DATETIME:
	// adaptive_time_microseconds (days; microseconds; milliseconds up to three
	// places and else microseconds), connect (days; milliseconds; milliseconds),
	// microseconds, nanoseconds, or isostring (text that ends in Z).
	TimePrecisionMode string
	// BigintUnsignedHandlingMode is for BIGINT UNSIGNED: long (wraps to negative
	// beyond 2^63-1) or precise (as a precise decimal).
	BigintUnsignedHandlingMode string
	// BinaryHandlingMode is for BINARY and BLOB: bytes or base64, which are the
	// same in JSON, base64-url-safe, or hex.
	BinaryHandlingMode string
	// EnableTimeAdjuster takes the years 0 to 69 for 2000 to 2069 and 70 to 99 for
	// 1970 to 1999 where TimePrecisionMode, or the profile's, is Debezium's, which
	// does so unless told otherwise.
	EnableTimeAdjuster bool
}

// typeChoices are the values that each option can have; the first is
// Debezium's default.
var typeChoices = map[string][]string{
	"decimal_handling_mode":         {"precise", "double", "string"},
	"time_precision_mode":           {"adaptive_time_microseconds", "connect", "microseconds", "nanoseconds", "isostring"},
	"bigint_unsigned_handling_mode": {"long", "precise"},
	"binary_handling_mode":          {"bytes", "base64", "base64-url-safe", "hex"},
}

// encoding is how values are written: TypeOptions with the profile's choices
// filled in. An option that is empty is the lossless form.
type encoding struct {
	TypeOptions
	// debezium chooses the form of what no option is for: SET, JSON, BIT, YEAR,
	// TIMESTAMP and GEOMETRY.
	debezium bool
	// schemas has each record say the schema of its key and value.
	schemas bool
}

// encoding is how the reader writes values.
func (o Options) encoding() (encoding, error) {
	e, err := newEncoding(o.Types, o.TypeOptions)
	e.schemas = o.Format == formatWithSchema
	return e, err
}

// newEncoding checks a profile and its options.
func newEncoding(profile string, o TypeOptions) (encoding, error) {
	e := encoding{TypeOptions: o, debezium: profile == typesDebezium}
	if profile != typesLossless && profile != typesDebezium {
		return e, fmt.Errorf("source.types: %q is neither %s nor %s", profile, typesLossless, typesDebezium)
	}
	for _, one := range []struct {
		name  string
		value *string
	}{
		{"decimal_handling_mode", &e.DecimalHandlingMode},
		{"time_precision_mode", &e.TimePrecisionMode},
		{"bigint_unsigned_handling_mode", &e.BigintUnsignedHandlingMode},
		{"binary_handling_mode", &e.BinaryHandlingMode},
	} {
		choices := typeChoices[one.name]
		switch {
		case *one.value == "" && e.debezium:
			*one.value = choices[0]
		case *one.value != "" && !slices.Contains(choices, *one.value):
			return e, fmt.Errorf("source.type_options.%s: %q is none of %s%s", one.name, *one.value, strings.Join(choices, ", "), didYouMean(*one.value, choices))
		}
	}
	e.EnableTimeAdjuster = e.EnableTimeAdjuster && e.TimePrecisionMode != ""
	return e, nil
}

func didYouMean(value string, choices []string) string {
	if near := nearest.Of(value, choices); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// format is what a shape says of the records: empty for plain JSON.
func (e encoding) format() string {
	if e.schemas {
		return formatWithSchema
	}
	return ""
}

// name is what a shape says of the encoding: empty for the lossless one.
func (e encoding) name() string {
	e.schemas = false
	if e == (encoding{}) {
		return ""
	}
	if e.debezium {
		return typesDebezium
	}
	return "mixed"
}
