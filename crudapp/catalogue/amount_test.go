package catalogue_test

import (
	"testing"

	"pgregory.net/rapid"

	"telltale/crudapp/catalogue"
)

func TestParseAmount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]catalogue.Amount{
		"0": 0, "3": 300, "3.2": 320, "3.20": 320, "0.01": 1, "007.5": 750, "9999999999.99": 999_999_999_999,
	} {
		if got, err := catalogue.ParseAmount(text); err != nil || got != want {
			t.Errorf("ParseAmount(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".", "3.", ".5", "-1", "+1", "1e2", "1,50", "1.234", "1.2.3", " 1", "10000000000", "٣"} {
		if got, err := catalogue.ParseAmount(text); err == nil {
			t.Errorf("ParseAmount(%q) = %d, want an error", text, got)
		}
	}
}

func TestAmountRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := catalogue.Amount(rapid.Int64Range(0, 999_999_999_999).Draw(t, "amount"))
		if got, err := catalogue.ParseAmount(want.String()); err != nil || got != want {
			t.Fatalf("ParseAmount(%q) = %d, %v, want %d", want, got, err, want)
		}
	})
}
