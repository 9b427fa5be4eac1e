package faults

import (
	"fmt"
	"time"
)

// Harm is what was done to a stage, or to a server that it needs.
type Harm struct {
	Stage string
	// At is when it was done to the stage, or when the server was there again.
	At time.Time
	// Recovery is how long it took until something committed after that had
	// passed the stage. It includes the recovery of stages before it that were
	// harmed at about the same time; it is zero where the stage was harmed again
	// meanwhile.
	Recovery time.Duration
}

// passage is when something was committed and when it had passed a stage.
type passage struct{ committed, passed time.Time }

// harms are those since the last call, with the stages' recoveries.
func (w *World) harms(got received, ledger []ledgerRow) ([]Harm, error) {
	passed, err := passages(got, ledger)
	if err != nil {
		return nil, err
	}
	var all []Harm
	for _, s := range w.Stages {
		moments := s.harmed()
		for i, at := range moments {
			k := Harm{Stage: s.Name, At: at, Recovery: recovery(passed[s.Name], at)}
			if i+1 < len(moments) && at.Add(k.Recovery).After(moments[i+1]) {
				k.Recovery = 0
			}
			all = append(all, k)
		}
	}
	return all, nil
}

// passages are, by stage, all that passed it.
func passages(got received, ledger []ledgerRow) (map[string][]passage, error) {
	passed := map[string][]passage{}
	committed := map[string]time.Time{}
	for _, list := range got.changes {
		for _, c := range list {
			passed[Binlog] = append(passed[Binlog], passage{c.committed, c.seen})
		}
	}
	for _, list := range got.events {
		for _, e := range list {
			committed[e.id] = e.committed
			passed[Translator] = append(passed[Translator], passage{e.committed, e.seen})
		}
	}
	for _, r := range ledger {
		at, err := r.plannedAt()
		if err != nil {
			return nil, err
		}
		passed[Consumers] = append(passed[Consumers], passage{committed[r.event], at})
	}
	return passed, nil
}

// recovery is how long after a harm the first of what was committed later had
// passed.
func recovery(passed []passage, harm time.Time) time.Duration {
	var first time.Time
	for _, p := range passed {
		if p.committed.After(harm) && (first.IsZero() || p.passed.Before(first)) {
			first = p.passed
		}
	}
	if first.IsZero() {
		return 0
	}
	return first.Sub(harm)
}

// String is for logs.
func (k Harm) String() string {
	at := k.At.UTC().Format("15:04:05.000")
	if k.Recovery == 0 {
		return fmt.Sprintf("%s at %s, and again before it was back", k.Stage, at)
	}
	return fmt.Sprintf("%s at %s, back after %.1f s", k.Stage, at, k.Recovery.Seconds())
}
