package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Report sums up rounds of faults on one world.
type Report struct {
	// Command does it again.
	Command string
	// Telltale is the commit that ran, MySQL and Kafka are versions.
	Telltale, MySQL, Kafka string
	// At is when.
	At time.Time
	// Parts are the faults in the order in which they were played.
	Parts []Part
	// AtLeastOnce are those that were played on another world with that value of
	// source.delivery.
	AtLeastOnce []Part
}

// Part are the rounds of one fault, in order.
type Part struct {
	Fault   Fault
	Results []Result
}

// written says what the load is, and what it was held against.
const written = "Each stage ran as a process of its own. " +
	"The load (`telltale load --dsn`) renamed, registered, signed in and deleted customers, edited their addresses and consents, " +
	"sold products, changed their prices, names and categories, placed, paid, shipped, cancelled and refunded orders, and wrote reviews, " +
	"a few customers and products far more than others, in bursts, through forms and by hand, " +
	"with races for one row, stock that all workers sell, transactions over several tables and over hundreds of rows, statements over several rows, " +
	"rollbacks, savepoints, updates that change nothing, and commits whose answer was lost. Meanwhile one of the faults below was injected. " +
	"After each round everything since the first of all was compared with the load's record, aggregate by aggregate: " +
	"the row changes, the events of customers, products, orders, payments and reviews, and what the consumers made of them."

// recovered explains the times.
const recovered = "Recovery is the time from a harm until something that was committed after it had passed the stage; " +
	"where the broker was harmed, from when it was there again. " +
	"Most of it is what Kafka waits for a dead member of a group before another gets its partitions: 6 s for the binlog, 10 s for the others. " +
	"It includes the recovery of an earlier stage that was harmed at about the same time. " +
	"A harm before the stage was back from the one before counts with the last of them."

// Markdown is the report as a page.
func (r Report) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	sum, _, again := r.sum()
	line("# Faults under load, and what came of them\n")
	line("%s, on Telltale %s, MySQL %s and Apache Kafka %s.", r.At.UTC().Format("2006-01-02 15:04 UTC"), r.Telltale, r.MySQL, r.Kafka)
	line("`%s` does it again and writes this page.\n", r.Command)
	line("%s\n", written)
	line("| | |\n|---|---|")
	line("| transactions committed | %d, %.0f a second; %d more rolled back |", sum.Total(), r.Rate(), sum.RolledBack)
	line("| commits whose answer was lost | %d, of which %d took place |", sum.Cut, sum.Landed)
	line("| mails taken twice, under one Message-ID | %d |", again)
	compared(line, last(r.Parts))
	writeIndex(line)
	line("\n## The faults\n")
	for _, p := range r.Parts {
		line("- **%s**, %s: %s", p.Fault.Name, p.rounds(), p.Fault.Doc)
	}
	line("\n| recovery | of | harms | p50 | max |\n|---|---|---:|---:|---:|")
	for _, p := range r.Parts {
		p.recovery(line)
	}
	line("\n%s", recovered)
	if len(r.AtLeastOnce) > 0 {
		r.repeats(line)
	}
	return b.String()
}

// repeats is the section on the other delivery.
func (r Report) repeats(line func(string, ...any)) {
	line("\n## With source.delivery: at-least-once\n")
	for _, p := range r.AtLeastOnce {
		line("%s, %s: %s", p.Fault.Name, p.rounds(), p.Fault.Doc)
	}
	line("%d changes and events came again, under the ids that they had. Without those that had come before:", last(r.AtLeastOnce).Repeats)
	compared(line, last(r.AtLeastOnce))
}

func compared(line func(string, ...any), with Result) {
	line("\n| compared | wanted | came | missing | too many | in another order |\n|---|---:|---:|---:|---:|---:|")
	for _, t := range with.Tallies {
		line("| %s | %d | %d | %d | %d | %d |", t.What, t.Wanted, t.Got, t.Missing, t.Surplus, t.Reordered)
	}
}

// last is the round that was played last on a world; it was compared with
// everything.
func last(parts []Part) Result {
	results := parts[len(parts)-1].Results
	return results[len(results)-1]
}

func (r Report) sum() (sum Stats, during time.Duration, again int) {
	for _, p := range r.Parts {
		for _, one := range p.Results {
			sum, during = sum.Plus(one.Wrote), during+one.During
		}
	}
	return sum, during, last(r.Parts).Again // Each round counts from the beginning.
}

// Rate is how many transactions a second were committed.
func (r Report) Rate() float64 {
	sum, during, _ := r.sum()
	return float64(sum.Total()) / during.Seconds()
}

// recovery are the rows of a fault.
func (p Part) recovery(line func(string, ...any)) {
	for _, stage := range []string{Binlog, Translator, Consumers} {
		if times := p.recoveries(stage); len(times) > 0 {
			line("| %s | %s | %d | %.1f s | %.1f s |", p.Fault.Name, stage, p.harms(stage), times[len(times)/2].Seconds(), times[len(times)-1].Seconds())
		}
	}
}

func (p Part) rounds() string {
	first, last := p.Results[0].Seed, p.Results[len(p.Results)-1].Seed
	if first == last {
		return fmt.Sprintf("one round with seed %d", first)
	}
	return fmt.Sprintf("%d rounds with seeds from %d to %d", len(p.Results), first, last)
}

// harms is how often a stage was harmed.
func (p Part) harms(stage string) (n int) {
	for _, one := range p.Results {
		for _, h := range one.Harms {
			if h.Stage == stage {
				n++
			}
		}
	}
	return n
}

// recoveries are a stage's, in order of length.
func (p Part) recoveries(stage string) []time.Duration {
	var times []time.Duration
	for _, one := range p.Results {
		for _, h := range one.Harms {
			if h.Stage == stage && h.Recovery > 0 {
				times = append(times, h.Recovery)
			}
		}
	}
	slices.Sort(times)
	return times
}
