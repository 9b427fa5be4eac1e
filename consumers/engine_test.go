package consumers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestEngine proves I9 with real transactions on both sides.
func TestEngine(t *testing.T) {
	fresh := sharedMySQL(t)
	for _, point := range []string{"polled", "begun", "advanced", "handled", "committed"} {
		t.Run("killed at "+point, func(t *testing.T) {
			t.Parallel()
			killed(t, fresh(t, "kill_"+point), point)
		})
	}
	tests := []struct {
		name string
		run  func(t *testing.T, w *world)
	}{
		{"restarts", restarts},
		{"rebalance", rebalance},
		{"zombie", zombie},
		{"lost_answer", lostAnswer},
		{"passed_types", passedTypes},
		{"no_event", noEvent},
		{"poison", poison},
		{"lock_wait", lockWait},
		{"back_pressure", backPressure},
		{"background_work", backgroundWork},
		{"retention", retention},
		{"overtaken", overtaken},
		{"recreated_topic", recreatedTopic},
		{"late_topic", lateTopic},
		{"spans", spans},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, fresh(t, test.name))
		})
	}
}

// killed ends the consumer several times at one point and starts it again.
func killed(t *testing.T, w *world, point string) {
	o := w.options()
	for n := range 3 {
		w.produce(60)
		o.failpoint = killAt(point, int64(n+1))
		if err := w.start(o, tallyConsumer()).wait(); !isKilled(err) {
			t.Fatalf("run %d ended with %v, want the failpoint's error", n, err)
		}
	}
	i := w.start(w.options(), tallyConsumer())
	w.awaitHandled(len(w.produced))
	i.stop()
	w.assertExactlyOnce()
}

func restarts(t *testing.T, w *world) {
	const rounds = 6
	for range rounds {
		i := w.start(w.options(), tallyConsumer())
		w.produce(80)
		before := len(w.handled())
		eventually(t, "some progress", func() bool { return len(w.handled()) > before })
		time.Sleep(rand.N(30 * time.Millisecond)) // Where the stop lands is the point of the test.
		i.stop()
	}
	i := w.start(w.options(), tallyConsumer())
	w.awaitHandled(len(w.produced))
	i.stop()
	w.assertExactlyOnce()
}

// rebalance adds an instance in the middle and takes the first away.
func rebalance(t *testing.T, w *world) {
	w.produce(200)
	first := w.start(w.options(), tallyConsumer())
	w.awaitHandled(1)
	second := w.start(w.options(), tallyConsumer())
	for !slices.Contains(w.claims(), 2) {
		w.produce(20)
	}
	first.stop()
	w.produce(200)
	w.awaitHandled(len(w.produced))
	second.stop()
	w.assertExactlyOnce()
}

// zombie has an instance sleep with a batch in hand while another claims its
// partition and goes on.
func zombie(t *testing.T, w *world) {
	w.produce(30)
	asleep, wake := make(chan struct{}, 8), make(chan struct{})
	o := w.options()
	registry := prometheus.NewRegistry()
	o.Registerer = registry
	o.failpoint = func(point string) error {
		if point == "polled" {
			asleep <- struct{}{}
			<-wake
		}
		return nil
	}
	i := w.start(o, tallyConsumer())
	for range 3 {
		receive(t, asleep) // Each partition's worker has its first batch.
	}
	other := newStore(w.db, "tally")
	for p := range int32(3) {
		takeOver(t, w, other, place{topic: topic, partition: p})
	}
	close(wake)
	w.awaitHandled(30)
	if got := value(t, registry, "telltale_consumers_fenced_total"); got != 3 {
		t.Errorf("fenced transactions: got %v, want 3", got)
	}
	i.stop()
	w.assertExactlyOnce()
}

// takeOver claims a partition as another instance would, and handles the first
// event in it.
func takeOver(t *testing.T, w *world, s *store, p place) {
	t.Helper()
	ctx := t.Context()
	c, err := s.claim(ctx, p, extent{end: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	first := firstRecord(t, w, p)
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if err := s.advance(ctx, tx, c, first.Offset+1); err != nil {
			return err
		}
		return tally(ctx, tx, first)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// value sums a counter's or gauge's series.
func value(t *testing.T, r *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		sum := 0.0
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		return sum
	}
	return 0
}

// lostAnswer has the answer to a commit get lost: the batch is committed, the
// consumer does not know, and tries it again.
func lostAnswer(t *testing.T, w *world) {
	w.produce(100)
	lost := make(chan struct{}, 3)
	o := w.options()
	o.failpoint = func(point string) error {
		if point == "committed" && len(lost) < cap(lost) {
			lost <- struct{}{}
			return fmt.Errorf("answer lost: %w", kafka.NewError(kafka.ErrTransport, "", false)) // Any error that heals.
		}
		return nil
	}
	i := w.start(o, tallyConsumer())
	w.awaitHandled(100)
	i.stop()
	w.assertExactlyOnce()
	if len(lost) != cap(lost) {
		t.Errorf("lost %d answers, want %d", len(lost), cap(lost))
	}
}

func passedTypes(t *testing.T, w *world) {
	registry := prometheus.NewRegistry()
	o := w.options()
	o.Registerer = registry
	c := tallyConsumer()
	c.Types = []string{"Happened"}
	w.commit(message("other", "Other", 1, 3), message("e000000", "Happened", 1, 3), message("other2", "Other", 1, 3))
	i := w.start(o, c)
	want := `# HELP telltale_consumers_events_total Events committed, by type and outcome: handled, or passed because the consumer does not take the type.
# TYPE telltale_consumers_events_total counter
telltale_consumers_events_total{consumer="tally",outcome="handled",type="Happened"} 1
telltale_consumers_events_total{consumer="tally",outcome="passed",type="Other"} 2
`
	var err error
	eventually(t, "the passed events are counted", func() bool {
		err = testutil.GatherAndCompare(registry, strings.NewReader(want), "telltale_consumers_events_total")
		return err == nil
	})
	i.stop()
	if got := w.handled(); len(got) != 1 || got[0] != "e000000" {
		t.Errorf("handled %v, want the one event that the consumer takes", got)
	}
}

// noEvent has a record in the topic that is no event: what stands before it is
// kept, and the error says where it is, at every start.
func noEvent(t *testing.T, w *world) {
	bad := message("bad", "Happened", 1, 3)
	bad.Headers = nil
	w.commit(message("e000000", "Happened", 1, 3), bad, message("e000001", "Happened", 1, 3))
	for range 2 {
		err := w.start(w.options(), tallyConsumer()).wait()
		var e *EventError
		if !errors.As(err, &e) || e.Offset != 1 || e.Topic != topic || !IsPoison(err) {
			t.Fatalf("Run returned %v, want a poison EventError at offset 1", err)
		}
	}
	if got := w.handled(); len(got) != 1 {
		t.Errorf("handled %v, want the event before the record alone", got)
	}
}

func poison(t *testing.T, w *world) {
	cause := errors.New("no such customer")
	c := tallyConsumer()
	c.Handle = Each(func(ctx context.Context, tx *sql.Tx, d Delivery) error {
		if d.ID == "e000003" {
			return Poison(cause)
		}
		return tally(ctx, tx, d)
	})
	for n := range 6 {
		w.commit(message(fmt.Sprintf("e%06d", n), "Happened", 1, 3))
	}
	err := w.start(w.options(), c).wait()
	var e *EventError
	if !errors.As(err, &e) || !errors.Is(err, cause) {
		t.Fatalf("Run returned %v, want an EventError with the handler's cause", err)
	}
	if e.EventID != "e000003" || e.Type != "Happened" || e.Consumer != "tally" {
		t.Errorf("the error blames %+v, want e000003", e)
	}
	if got := w.handled(); len(got) != 3 {
		t.Errorf("handled %v, want the three events before the poison", got)
	}
}

// lockWait has another session hold a row that the handler needs.
func lockWait(t *testing.T, w *world) {
	if _, err := w.db.Exec("CREATE TABLE held (id INT PRIMARY KEY, n INT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Exec("INSERT INTO held VALUES (1, 0)"); err != nil {
		t.Fatal(err)
	}
	locker, err := w.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locker.Exec("UPDATE held SET n = n WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	o := w.options()
	o.Registerer = registry
	o.DSN += "?innodb_lock_wait_timeout=1"
	c := tallyConsumer()
	c.Handle = Each(func(ctx context.Context, tx *sql.Tx, d Delivery) error {
		if _, err := tx.ExecContext(ctx, "UPDATE held SET n = n + 1 WHERE id = 1"); err != nil {
			return err
		}
		return tally(ctx, tx, d)
	})
	w.produce(20)
	i := w.start(o, c)
	eventually(t, "a retry", func() bool { return value(t, registry, "telltale_consumers_retries_total") > 0 })
	if err := locker.Rollback(); err != nil {
		t.Fatal(err)
	}
	w.awaitHandled(20)
	i.stop()
	w.assertExactlyOnce()
	var n int
	if err := w.db.QueryRow("SELECT n FROM held").Scan(&n); err != nil || n != 20 {
		t.Errorf("the row counts %d events (%v), want 20", n, err)
	}
}

// backPressure blocks the handler until the partitions are paused, then lets
// go.
func backPressure(t *testing.T, w *world) {
	w.produce(2000)
	gate := make(chan struct{})
	o := w.options()
	o.queueBytes = 16 << 10
	registry := prometheus.NewRegistry()
	o.Registerer = registry
	o.failpoint = func(point string) error {
		if point == "polled" {
			<-gate
		}
		return nil
	}
	i := w.start(o, tallyConsumer())
	held := func() float64 { return value(t, registry, "telltale_consumers_paused_partitions") }
	eventually(t, "all partitions are held back", func() bool { return len(w.claims()) == 3 && held() == 3 })
	close(gate)
	w.awaitHandled(2000)
	eventually(t, "no partition is held back", func() bool { return held() == 0 })
	i.stop()
	w.assertExactlyOnce()
}

// backgroundWork runs once a partition, may use transactions while it owns the
// partition, and none afterwards.
func backgroundWork(t *testing.T, w *world) {
	partitions := make(chan *Partition, 16)
	woken := make(chan struct{}, 1)
	c := tallyConsumer()
	c.Work = func(ctx context.Context, p *Partition) error {
		partitions <- p
		for {
			select {
			case <-p.Committed():
				signal(woken)
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	i := w.start(w.options(), c)
	owned := make(map[int32]*Partition)
	for len(owned) < 3 {
		p := receive(t, partitions)
		owned[p.ID] = p
	}
	w.produce(10)
	receive(t, woken)
	nothing := func(*sql.Tx) error { return nil }
	for id, p := range owned {
		if err := p.Tx(t.Context(), nothing); err != nil {
			t.Errorf("transaction of partition %d while it is owned: %v", id, err)
		}
		takeOver(t, w, newStore(w.db, "tally"), p.claim.place)
		if err := p.Tx(t.Context(), nothing); !errors.Is(err, errNotOwner) {
			t.Errorf("transaction of partition %d after another claim: %v, want %v", id, err, errNotOwner)
		}
	}
	i.stop()
}

// receive takes from a channel, for as long as the tests' patience lasts.
func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}
