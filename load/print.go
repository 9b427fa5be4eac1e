package load

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report writes a line on the progress every so often until ctx ends; on a
// terminal each takes the place of the one before.
func (l *Load) Report(ctx context.Context, w io.Writer, every time.Duration, terminal bool) {
	began := time.Now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if terminal {
				fmt.Fprintln(w)
			}
			return
		case <-tick.C:
		}
		now, total := l.tally.recently()
		line := fmt.Sprintf("%6s  %d done, %.0f/s, latency p50 %s p99 %s max %s",
			time.Since(began).Round(time.Second), total, float64(now.Count)/every.Seconds(), short(now.P50), short(now.P99), short(now.Max))
		if terminal {
			fmt.Fprint(w, "\r\x1b[K", line)
		} else {
			fmt.Fprintln(w, line)
		}
	}
}

// Print writes the summary for people.
func (s Summary) Print(w io.Writer) error {
	var outcomes []string
	total := 0
	for _, o := range Outcomes() {
		if n := s.Outcomes[o]; n > 0 {
			total += n
			outcomes = append(outcomes, fmt.Sprintf("%d %s", n, o))
		}
	}
	rate := 0.0
	if s.During > 0 {
		rate = float64(total) / s.During.Seconds()
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "%d deeds in %s, %.1f a second", total, s.During.Round(time.Millisecond), rate)
	if len(outcomes) > 0 {
		fmt.Fprintf(table, ": %s", strings.Join(outcomes, ", "))
	}
	fmt.Fprintln(table)
	if s.Skipped > 0 {
		fmt.Fprintf(table, "%d were due before the end and not begun: the target did not keep up\n", s.Skipped)
	}
	fmt.Fprintln(table, "\ndeed\tcount\tp50\tp90\tp99\tp99.9\tmax\t")
	all := s.All
	all.Deed = "all"
	for _, l := range append(s.Deeds, all) {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", l.Deed, l.Count, short(l.P50), short(l.P90), short(l.P99), short(l.P999), short(l.Max))
	}
	return table.Flush()
}

// short is a duration with about three digits.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.String()
}
