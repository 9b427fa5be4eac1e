package load

import (
	"fmt"
	"strconv"
	"strings"
)

// Cents reads an amount of money with two decimals, as DECIMAL(12, 2) is in a record.
func Cents(amount string) (int64, error) {
	n, err := strconv.ParseInt(strings.Replace(amount, ".", "", 1), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the amount %q: %w", amount, err)
	}
	return n, nil
}

// Amount is what Cents reads.
func Amount(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
