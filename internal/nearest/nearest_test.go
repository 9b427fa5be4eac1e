package nearest_test

import (
	"testing"

	"telltale/internal/nearest"
)

func TestOf(t *testing.T) {
	t.Parallel()
	known := []string{"source.dsn", "source.tables", "kafka.brokers", "log.level"}
	tests := []struct {
		name, word, want string
	}{
		{"swapped letters", "source.tabels", "source.tables"},
		{"missing letter", "kafka.broker", "kafka.brokers"},
		{"another section", "sources.dsn", "source.dsn"},
		{"same word", "log.level", "log.level"},
		{"nothing alike", "colour", ""},
		{"nothing at all", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := nearest.Of(tt.word, known); got != tt.want {
				t.Errorf("Of(%q) = %q, want %q", tt.word, got, tt.want)
			}
		})
	}
}

func TestOfPrefersTheNearer(t *testing.T) {
	t.Parallel()
	if got, want := nearest.Of("bilog", []string{"blog", "binlog", "log"}), "blog"; got != want {
		t.Errorf("Of = %q, want the first of the equally near, %q", got, want)
	}
}
