package faults

import (
	"strings"
	"testing"
	"time"
)

func TestReport(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	round := func(seed uint64, wanted int, recoveries ...time.Duration) Result {
		r := Result{
			Seed: seed, Wrote: Stats{Committed: 440, RolledBack: 10, Cut: 20, Landed: 10}, During: 2 * time.Second, Again: int(seed),
			Tallies: []*Tally{{What: "events", Wanted: wanted, Got: wanted}},
		}
		for _, d := range recoveries {
			r.Harms = append(r.Harms, Harm{Stage: Binlog, At: at, Recovery: d})
		}
		return r
	}
	report := Report{
		Command: "make faults", Telltale: "abc1234", MySQL: "9.7", Kafka: "4.1", At: at,
		Parts: []Part{
			{Kills(), []Result{round(5, 100, 3*time.Second, 0), round(6, 250, 9*time.Second, 7*time.Second)}},
			{Stops(), []Result{round(7, 300)}},
		},
		AtLeastOnce: []Part{{ReaderKills(), []Result{{Seed: 8, Repeats: 321, Tallies: []*Tally{{What: "events", Wanted: 77, Got: 77}}}}}},
	}
	if got := report.Rate(); got != 225 {
		t.Errorf("got %v transactions a second, want 225", got)
	}
	page := report.Markdown()
	for _, want := range []string{
		"2026-11-21 12:00 UTC, on Telltale abc1234, MySQL 9.7 and Apache Kafka 4.1.",
		"| transactions committed | 1350, 225 a second; 30 more rolled back |",
		"| commits whose answer was lost | 60, of which 30 took place |",
		"| mails taken twice, under one Message-ID | 7 |",
		"| events | 300 | 300 | 0 | 0 | 0 |",
		"- **kill -9**, 2 rounds with seeds from 5 to 6: Each stage was killed",
		"- **SIGTERM**, one round with seed 7: Each stage was asked to stop",
		"| kill -9 | binlog | 4 | 7.0 s | 9.0 s |",
		"321 changes and events came again",
		"| events | 77 | 77 | 0 | 0 | 0 |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}
