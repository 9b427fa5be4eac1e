package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"telltale/internal/faults/load"
)

// Report sums up rounds of one fault on one world.
type Report struct {
	// Fault is what was done, Command does it again.
	Fault   Fault
	Command string
	// Telltale is the commit that ran, MySQL and Kafka are versions.
	Telltale, MySQL, Kafka string
	// At is when.
	At time.Time
	// Results are the rounds', in order.
	Results []Result
}

// written says what the load is, and what it was held against.
const written = "The load renamed, registered, signed in and deleted customers, through forms and by hand, " +
	"with transactions over two tables, statements over several rows, rollbacks, savepoints, updates that change nothing, " +
	"and commits whose answer was lost. After each round everything since the first was compared with what the load had written down."

// recovered explains the times.
const recovered = "Recovery is the time from a kill until something that was committed after it had passed the stage. " +
	"Most of it is what Kafka waits for a dead member of a group before another gets its partitions: 6 s for the binlog, 10 s for the others. " +
	"It includes the recovery of an earlier stage that was killed at about the same time. " +
	"A kill before the stage was back from the one before counts with the last of them."

// Markdown is the report as a page.
func (r Report) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	sum, _, again := r.sum()
	line("# %s under load, and what came of it\n", r.Fault.Name)
	line("%s, on Telltale %s, MySQL %s and Apache Kafka %s.", r.At.UTC().Format("2006-01-02 15:04 UTC"), r.Telltale, r.MySQL, r.Kafka)
	line("`%s` does it again and writes this page.\n", r.Command)
	line("%s %s\n", r.Fault.Doc, written)
	line("| | |\n|---|---|")
	line("| rounds | %d, with seeds from %d to %d |", len(r.Results), r.Results[0].Seed, r.Results[len(r.Results)-1].Seed)
	line("| kills | %s |", r.killed())
	line("| transactions committed | %d, %.0f a second; %d more rolled back |", sum.Total(), r.Rate(), sum.RolledBack)
	line("| commits whose answer was lost | %d, of which %d took place |", sum.Cut, sum.Landed)
	line("| mails taken twice, under one Message-ID | %d |", again)
	line("\n| compared | wanted | came | missing | too many | in another order |\n|---|---:|---:|---:|---:|---:|")
	for _, t := range r.Results[len(r.Results)-1].Tallies {
		line("| %s | %d | %d | %d | %d | %d |", t.What, t.Wanted, t.Got, t.Missing, t.Surplus, t.Reordered)
	}
	line("\n| recovery | kills | p50 | max |\n|---|---:|---:|---:|")
	for _, stage := range []string{Binlog, Translator, Consumers} {
		times := r.recoveries(stage)
		if len(times) > 0 {
			line("| %s | %d | %.1f s | %.1f s |", stage, len(times), times[len(times)/2].Seconds(), times[len(times)-1].Seconds())
		}
	}
	line("\n%s", recovered)
	return b.String()
}

func (r Report) sum() (sum load.Stats, during time.Duration, again int) {
	for _, one := range r.Results {
		sum, during = sum.Plus(one.Wrote), during+one.During
		again = one.Again // Each round counts from the beginning.
	}
	return sum, during, again
}

func (r Report) killed() string {
	counts := map[string]int{}
	total := 0
	for _, one := range r.Results {
		for _, k := range one.Kills {
			counts[k.Stage]++
			total++
		}
	}
	return fmt.Sprintf("%d: binlog %d, translator %d, consumers %d", total, counts[Binlog], counts[Translator], counts[Consumers])
}

// recoveries are a stage's, in order of length.
func (r Report) recoveries(stage string) []time.Duration {
	var times []time.Duration
	for _, one := range r.Results {
		for _, k := range one.Kills {
			if k.Stage == stage && k.Recovery > 0 {
				times = append(times, k.Recovery)
			}
		}
	}
	slices.Sort(times)
	return times
}

// Rate is how many transactions a second were committed.
func (r Report) Rate() float64 {
	sum, during, _ := r.sum()
	return float64(sum.Total()) / during.Seconds()
}
