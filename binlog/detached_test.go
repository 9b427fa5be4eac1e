package binlog

import (
	"errors"
	"testing"
)

// A session is ended where the binlog goes on and only heartbeats come, once for
// each such end.
func TestDetached(t *testing.T) {
	t.Parallel()
	at := func(file string, pos uint64) coordinates { return coordinates{file, pos} }
	type look struct {
		read  coordinates
		beats uint64
		end   uint64
	}
	tests := []struct {
		name  string
		known coordinates
		looks []look
		want  bool
	}{
		{"all was read", coordinates{}, []look{{at("b.1", 100), 1, 100}, {at("b.1", 100), 2, 100}, {at("b.1", 100), 3, 100}, {at("b.1", 100), 4, 100}}, false},
		{"reset", coordinates{}, []look{{at("b.1", 900), 1, 100}, {at("b.1", 900), 2, 100}, {at("b.1", 900), 3, 200}}, true},
		{"reset, and no heartbeat since", coordinates{}, []look{{at("b.1", 900), 1, 100}, {at("b.1", 900), 1, 100}, {at("b.1", 900), 1, 200}}, false},
		{"it reads on", coordinates{}, []look{{at("b.1", 100), 1, 900}, {at("b.1", 200), 2, 900}, {at("b.1", 300), 3, 900}, {at("b.1", 400), 4, 900}}, false},
		{"an event on its way at one look", coordinates{}, []look{{at("b.1", 100), 1, 100}, {at("b.1", 100), 2, 200}, {at("b.1", 200), 3, 200}, {at("b.1", 200), 4, 300}}, false},
		{"an end that is never sent", at("b.1", 999), []look{{at("b.1", 900), 1, 999}, {at("b.1", 900), 2, 999}, {at("b.1", 900), 3, 999}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d detached
			var err error
			known := tt.known
			for _, l := range tt.looks {
				err = errors.Join(err, d.look([]logFile{{"b.1", l.end}}, l.read, l.beats, &known))
			}
			if got := errors.Is(err, errDetached); got != tt.want {
				t.Errorf("got %v, want it to end: %t", err, tt.want)
			}
		})
	}
}
