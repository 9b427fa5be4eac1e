package catalogue

import (
	"fmt"
	"strconv"
	"strings"
)

// Amount is an amount of money in hundredths of its currency. There is no rounding
// anywhere: what cannot be said in hundredths is no amount.
type Amount int64

// ParseAmount reads an amount as people write it, with at most two decimals:
// "3", "3.2" or "3.20". It takes no sign, and nothing above 9999999999.99.
func ParseAmount(text string) (Amount, error) {
	whole, decimals, dotted := strings.Cut(text, ".")
	if dotted && (decimals == "" || len(decimals) > 2) || whole == "" || len(whole) > 10 {
		return 0, fmt.Errorf("read %q as an amount: want digits with at most two decimals", text)
	}
	digits := whole + (decimals + "00")[:2]
	if strings.Trim(digits, "0123456789") != "" {
		return 0, fmt.Errorf("read %q as an amount: want digits with at most two decimals", text)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %q as an amount: %w", text, err)
	}
	return Amount(n), nil
}

// String writes the amount with two decimals, as the database does.
func (a Amount) String() string {
	return fmt.Sprintf("%d.%02d", int64(a)/100, int64(a)%100)
}
