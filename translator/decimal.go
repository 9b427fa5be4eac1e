package translator

import (
	"fmt"
	"strings"
)

// decimal is MySQL's text of a DECIMAL taken apart: no leading zeros in whole,
// no trailing ones in fraction. Comparing digits needs no arithmetic and has no
// limit of size.
type decimal struct {
	negative        bool
	whole, fraction string
}

func parseDecimal(text string) (decimal, error) {
	rest, negative := strings.CutPrefix(text, "-")
	whole, fraction, hasPoint := strings.Cut(rest, ".")
	if !allDigits(whole) || hasPoint && !allDigits(fraction) {
		return decimal{}, fmt.Errorf("decimal %q: want digits, at most one point and a leading minus", text)
	}
	d := decimal{negative: negative, whole: strings.TrimLeft(whole, "0"), fraction: strings.TrimRight(fraction, "0")}
	if d.whole == "" && d.fraction == "" {
		d.negative = false
	}
	return d, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// compareDecimals is -1, 0 or 1 as a is less than, equal to or greater than b.
func compareDecimals(a, b string) (int, error) {
	x, err := parseDecimal(a)
	if err != nil {
		return 0, err
	}
	y, err := parseDecimal(b)
	if err != nil {
		return 0, err
	}
	switch {
	case x.negative && !y.negative:
		return -1, nil
	case !x.negative && y.negative:
		return 1, nil
	case x.negative:
		return y.compareMagnitude(x), nil
	}
	return x.compareMagnitude(y), nil
}

func (d decimal) compareMagnitude(o decimal) int {
	if len(d.whole) != len(o.whole) {
		if len(d.whole) < len(o.whole) {
			return -1
		}
		return 1
	}
	if c := strings.Compare(d.whole, o.whole); c != 0 {
		return c
	}
	return strings.Compare(d.fraction, o.fraction)
}
