package tour

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// times are latencies.
type times []time.Duration

// String is their median, 99th percentile and maximum.
func (t times) String() string {
	if len(t) == 0 {
		return "not measured"
	}
	sorted := slices.Sorted(slices.Values(t))
	at := func(q float64) string {
		return fmt.Sprintf("%.1f", float64(sorted[int(q*float64(len(sorted)-1))].Microseconds())/1000)
	}
	return fmt.Sprintf("p50 %s, p99 %s, max %s ms", at(0.5), at(0.99), at(1))
}

// text is a JSON string's content; empty for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// brief is the beginning and the end of a long list.
func brief(list []string) []string {
	const shown = 3
	if len(list) <= 2*shown {
		return list
	}
	return slices.Concat(list[:shown], []string{"…"}, list[len(list)-shown:])
}
