package faults

import (
	"strings"
	"testing"
	"time"

	"telltale/internal/faults/load"
)

func TestReport(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	round := func(seed uint64, wanted int, recoveries ...time.Duration) Result {
		r := Result{
			Seed: seed, Wrote: load.Stats{Committed: 440, RolledBack: 10, Cut: 20, Landed: 10}, During: 2 * time.Second, Again: int(seed),
			Tallies: []*Tally{{What: "events", Wanted: wanted, Got: wanted}},
		}
		for _, d := range recoveries {
			r.Kills = append(r.Kills, Kill{Stage: Binlog, At: at, Recovery: d})
		}
		return r
	}
	report := Report{
		Fault: Kills(), Command: "make faults", Telltale: "abc1234", MySQL: "9.7", Kafka: "4.1", At: at,
		Results: []Result{round(5, 100, 3*time.Second, 0), round(6, 250, 9*time.Second, 7*time.Second)},
	}
	if got := report.Rate(); got != 225 {
		t.Errorf("got %v transactions a second, want 225", got)
	}
	page := report.Markdown()
	for _, want := range []string{
		"2026-11-21 12:00 UTC, on Telltale abc1234, MySQL 9.7 and Apache Kafka 4.1.",
		"| rounds | 2, with seeds from 5 to 6 |",
		"| kills | 4: binlog 4, translator 0, consumers 0 |",
		"| transactions committed | 900, 225 a second; 20 more rolled back |",
		"| commits whose answer was lost | 40, of which 20 took place |",
		"| mails taken twice, under one Message-ID | 6 |",
		"| events | 250 | 250 | 0 | 0 | 0 |",
		"| binlog | 3 | 7.0 s | 9.0 s |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}
