package outage_test

import (
	"testing"
	"time"
)

// TestOutages runs one installation through all of them: it is long until it
// stands, and what an outage left behind would show in those after it.
func TestOutages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(t, 3)
	w.settled(t)
	outages := []struct {
		name string
		// stop takes a server away, start brings it back.
		stop, start func(t *testing.T)
		// affected are the stages that must say why they are not ready, with a part of
		// what they say. The others stay ready.
		affected map[string]string
		// changes can be made meanwhile.
		changes bool
	}{
		{"mail server", w.stopSMTP, w.startSMTP, map[string]string{consumer: "connection refused"}, true},
		{"consumers' database", w.ledger.kill, w.ledger.start, map[string]string{consumer: "connection refused"}, true},
		{"source", w.source.kill, w.source.start, map[string]string{reader: "connection refused"}, false},
		{
			"broker", w.stopBroker, w.startBroker,
			map[string]string{reader: "127.0.0.1", translator: "127.0.0.1", consumer: "127.0.0.1"},
			true,
		},
	}
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			o.stop(t)
			if o.changes {
				w.change(t, 5)
			}
			for _, stage := range stages {
				if says, ok := o.affected[stage]; ok {
					w.awaitTrouble(t, stage, says)
				} else if status, body := w.readyz(t, stage); status != 200 {
					t.Errorf("%s is not ready: %s", stage, body)
				}
			}
			w.alive(t)
			o.start(t)
			w.change(t, 2)
			w.settled(t)
		})
	}
	for _, stage := range stages {
		t.Run(stage+" stopped", func(t *testing.T) {
			w.stop(t, stage)
			w.change(t, 5)
			w.start(t, stage)
			w.change(t, 2)
			w.settled(t)
		})
	}
	w.audit(t)
}

// patience is how long a condition may take to come true on a busy machine.
const patience = 2 * time.Minute
