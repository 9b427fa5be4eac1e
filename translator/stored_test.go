package translator

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"cel.dev/cel-go/common/types"
	"pgregory.net/rapid"
)

func TestCompareDecimals(t *testing.T) {
	t.Parallel()
	number := rapid.Custom(func(rt *rapid.T) string {
		text := rapid.SampledFrom([]string{"", "-"}).Draw(rt, "sign") + rapid.StringMatching(`[0-9]{1,40}`).Draw(rt, "whole")
		if rapid.Bool().Draw(rt, "has a fraction") {
			text += "." + rapid.StringMatching(`[0-9]{1,30}`).Draw(rt, "fraction")
		}
		return text
	})
	rapid.Check(t, func(rt *rapid.T) {
		a := number.Draw(rt, "a")
		b := number.Draw(rt, "b")
		if rapid.Bool().Draw(rt, "equal but for its zeros") {
			sign, digits := "", a
			if a[0] == '-' {
				sign, digits = "-", a[1:]
			}
			if !strings.Contains(digits, ".") {
				digits += "."
			}
			b = sign + "00" + digits + "00"
		}
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		got, err := compareDecimals(a, b)
		if err != nil {
			rt.Fatal(err)
		}
		if want := x.Cmp(y); got != want {
			rt.Fatalf("compare %s with %s: got %d, want %d", a, b, got, want)
		}
	})
}

func TestParseDecimalProblems(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "-", ".", "1.", ".5", "1e3", "+1", " 1", "1,5", "--1", "NaN"} {
		if _, err := parseDecimal(text); err == nil {
			t.Errorf("%q: accepted, want an error", text)
		}
	}
}

// Texts of each type in their order, equal ones in one group.
func TestStoredOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ   *types.Type
		order [][]string
	}{
		{dateType, [][]string{{"0000-00-00"}, {"2024-00-00"}, {"2024-01-00"}, {"2024-01-01"}, {"2024-02-29"}, {"9999-12-31"}}},
		{datetimeType, [][]string{
			{"0000-00-00 00:00:00", "0000-00-00 00:00:00.000000"},
			{"2024-03-10T02:30:00", "2024-03-10T02:30:00.000", "2024-03-10 02:30:00.0"},
			{"2024-03-10T02:30:00.000001"},
			{"2024-03-10T02:30:00.1", "2024-03-10T02:30:00.100"},
			{"2024-03-10T02:30:01"},
		}},
		{timestampType, [][]string{{"1970-01-01T00:00:01Z"}, {"2024-03-10T02:30:00.5Z", "2024-03-10T02:30:00.500000Z"}, {"2024-03-10T02:30:00.500001Z"}}},
		{timeType, [][]string{
			{"-838:59:59"}, {"-100:00:00"}, {"-00:00:00.5"}, {"00:00:00", "-00:00:00"}, {"09:00:00", "09:00:00.000"}, {"10:00:00"}, {"100:00:00"}, {"838:59:59.000000"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.typ.TypeName(), func(t *testing.T) {
			t.Parallel()
			for i, group := range tt.order {
				for j, other := range tt.order {
					for _, a := range group {
						for _, b := range other {
							checkOrder(t, stored{tt.typ, a}, stored{tt.typ, b}, i-j)
						}
					}
				}
			}
		})
	}
}

func checkOrder(t *testing.T, a, b stored, sign int) {
	t.Helper()
	want := types.Int(max(-1, min(1, sign)))
	if got := a.Compare(b); got != want {
		t.Errorf("compare %s with %s: got %v, want %v", a.text, b.text, got, want)
	}
	if got := a.Equal(b); got != types.Bool(want == 0) {
		t.Errorf("%s == %s: got %v, want %v", a.text, b.text, got, want == 0)
	}
}

func TestStoredConversionsThatFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value stored
		to    *types.Type
		want  string
	}{
		{stored{dateType, "0000-00-00"}, types.TimestampType, `mysql.date "0000-00-00" is no point in time`},
		{stored{datetimeType, "2024-02-30T00:00:00"}, types.TimestampType, `mysql.datetime "2024-02-30T00:00:00" is no point in time`},
		{stored{timeType, "12:00"}, types.DurationType, `time "12:00": want [-]hours:minutes:seconds`},
		{stored{decimalType, "1.5"}, types.IntType, "convert mysql.decimal to int: not supported"},
		{stored{dateType, "2024-01-01"}, types.DoubleType, "convert mysql.date to double: not supported"},
	}
	for _, tt := range tests {
		got := tt.value.ConvertToType(tt.to)
		if !types.IsError(got) || fmt.Sprint(got) != tt.want {
			t.Errorf("%s to %s: got %v, want the error %q", tt.value.text, tt.to, got, tt.want)
		}
	}
}
