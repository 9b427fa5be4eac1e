package translator

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/schemas/change"
	"telltale/schemas/event"
)

func TestRunTranslatesAndStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	bob := &customer{ID: 42, Name: "Bob", Email: "bob@example.com", Version: 1}
	b.change(change.Create, nil, bob)
	b.change(change.Update, bob, &customer{ID: 42, Name: "Alice", Email: "alice@example.com", Phone: "1", Version: 2})
	b.change(change.Delete, &customer{ID: 42, Version: 2}, nil)
	b.produce("shop.customer", kafkaclient.Partition([]byte(`{"id":42}`), 3), `{"id":42}`, nil)
	b.flush()
	o := b.options()
	stop := b.start(o)
	got := b.await(4)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	const gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:"
	want := []publishedEvent{
		{event.Event{ID: gtid + "1:shop.customers:0/customer.CustomerRegistered", Type: "CustomerRegistered", DataSchema: "customer/CustomerRegistered/v1", Cause: gtid + "1", Sequence: "1", Data: []byte(`{"id":42,"name":"Bob","email":"bob@example.com","country":null}`)}, "42"},
		{event.Event{ID: gtid + "2:shop.customers:0/customer.CustomerNameChanged", Type: "CustomerNameChanged", DataSchema: "customer/CustomerNameChanged/v1", Cause: gtid + "2", Sequence: "2", Data: []byte(`{"id":42,"old_name":"Bob","new_name":"Alice"}`)}, "42"},
		{event.Event{ID: gtid + "2:shop.customers:0/customer.CustomerEmailChanged", Type: "CustomerEmailChanged", DataSchema: "customer/CustomerEmailChanged/v1", Cause: gtid + "2", Sequence: "2", Data: []byte(`{"id":42,"old_email":"bob@example.com","new_email":"alice@example.com"}`)}, "42"},
		{event.Event{ID: gtid + "2:shop.customers:0/customer.CustomerPhoneChanged", Type: "CustomerPhoneChanged", DataSchema: "customer/CustomerPhoneChanged/v1", Cause: gtid + "2", Sequence: "2", Data: []byte(`{"id":42,"old_phone":null,"new_phone":"1"}`)}, "42"},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d events, want %d", len(got), len(want))
	}
	for i := range want {
		w := &want[i]
		w.Source, w.Subject, w.Actor, w.Request = "/telltale/shop", "customer/42", "customer:1", "req-1"
		n, _ := strconv.Atoi(strings.TrimPrefix(w.Cause, gtid))
		w.Time = time.UnixMilli(1_700_000_000_000 + int64(n)).UTC()
		if g, w := fmt.Sprintf("%+v", got[i]), fmt.Sprintf("%+v", *w); g != w {
			t.Errorf("event %d:\ngot  %s\nwant %s", i, g, w)
		}
	}
	if reasons := o.Health.Reasons(); len(reasons) != 0 {
		t.Errorf("not ready: %v", reasons)
	}
}

// A table that was emptied is no event, and what follows is translated.
func TestRunPassesOverTruncate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	stop := b.start(b.options())
	b.change(change.Create, nil, &customer{ID: 1, Email: "a@b.c", Name: "Bob", Version: 1})
	b.produce("shop.customer", 0, "", b.envelope(change.Truncate, nil, nil))
	b.change(change.Create, nil, &customer{ID: 2, Email: "d@e.f", Name: "Alice", Version: 1})
	b.flush()
	if got := len(b.await(2)); got != 2 {
		t.Errorf("got %d events, want 2", got)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestRunIsExactlyOnceAcrossRestarts(t *testing.T) {
	t.Parallel()
	const keys, perRound, rounds = 20, 30, 3
	b := setup(t)
	b.publishShape(b.shape)
	for round := range rounds {
		b.renames(keys, 1+round*perRound, perRound)
		stop := b.start(b.options())
		// Stopped somewhere in the middle of this round's changes.
		b.await(round*keys*perRound + keys*perRound/3)
		if err := stop(); err != nil {
			t.Fatalf("Run: %v", err)
		}
	}
	stop := b.start(b.options())
	got := b.await(keys * perRound * rounds)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	checkOnce(t, got, keys, perRound*rounds)
}

// TestStopWhileJoining stops it while the group hands it its partitions.
func TestStopWhileJoining(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	for i := range 10 {
		o := b.options()
		o.Health.Set(HealthPart, errStarting)
		stop := b.start(o)
		eventually(t, time.Minute, func() bool { return len(o.Health.Reasons()) == 0 }, func() string { return "it did not ask to join" })
		time.Sleep(time.Duration(i) * 7 * time.Millisecond) // Not to wait for something: each round stops it at another moment.
		if err := stop(); err != nil {
			t.Fatalf("Run: %v", err)
		}
	}
}

func TestRunIsExactlyOnceAcrossKill(t *testing.T) {
	t.Parallel()
	const keys, renames = 20, 400
	b := setup(t)
	b.publishShape(b.shape)
	b.renames(keys, 1, renames/2)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+b.config.Brokers+" "+rulesDir)
	child.Stderr = t.Output()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	b.await(1)
	b.renames(keys, 1+renames/2, renames/2)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	stop := b.start(b.options())
	got := b.await(keys * renames)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	checkOnce(t, got, keys, renames)
}

func TestRunIsExactlyOnceAcrossRebalance(t *testing.T) {
	t.Parallel()
	const keys, renames = 20, 60
	b := setup(t)
	b.publishShape(b.shape)
	first, second := b.options(), b.options()
	stopFirst := b.start(first)
	b.renames(keys, 1, renames/3)
	b.await(keys * renames / 3)
	stopSecond := b.start(second)
	// Changes flow while partitions change hands, until the second has had some.
	eventsOfSecond := func() int {
		n, err := testutil.GatherAndCount(second.Registerer.(prometheus.Gatherer), "telltale_translator_events_total")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	done := renames / 3
	eventually(t, time.Minute, func() bool {
		b.renames(keys, 1+done, 1)
		done++
		return eventsOfSecond() > 0
	}, func() string { return "the second instance got no partition" })
	b.renames(keys, 1+done, renames/3)
	done += renames / 3
	if err := stopFirst(); err != nil {
		t.Fatalf("first Run: %v", err)
	}
	b.renames(keys, 1+done, renames/3)
	done += renames / 3
	got := b.await(keys * done)
	if err := stopSecond(); err != nil {
		t.Fatalf("second Run: %v", err)
	}
	checkOnce(t, got, keys, done)
}

func TestRunWaitsForTables(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.options()
	stop := b.start(o)
	eventually(t, time.Minute, func() bool {
		return strings.Contains(o.Health.Reasons()[partShapes], "shop.customers; check that the reader runs")
	}, func() string { return fmt.Sprintf("reasons: %v", o.Health.Reasons()) })
	b.publishShape(b.shape)
	b.renames(1, 1, 1)
	b.await(1)
	// A shape that is published after the start is learnt from the first change that has it.
	b.shape.Columns = append(b.shape.Columns, change.Column{Name: "nickname", Type: "varchar(10)", Nullable: true})
	b.shape = b.shape.WithID()
	b.publishShape(b.shape)
	b.renames(1, 2, 1)
	checkOnce(t, b.await(2), 1, 2)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
}

func TestRunStopsAtWhatItCannotTranslate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules string // Replaces the data's new_name.
		spoil func(*bench)
		want  string
	}{
		{
			"a rule that fails on a row", "string(1 / (int(after.version) - 3))", func(*bench) {},
			"customer.yaml:26: CustomerNameChanged: data.new_name: division by zero; " +
				"change 3e11fa47-71ca-11e1-9e33-c80aa9429562:2:shop.customers:0 (topic shop.customer, partition",
		},
		{
			"a record that is no change", "after.name",
			func(b *bench) { b.produce("shop.customer", 0, "k", []byte(`{"id":1}`)) },
			"topic shop.customer, partition 0, offset",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.publishShape(b.shape)
			b.renames(1, 1, 1)
			o := b.options()
			o.Rules = copyRules(t, "new_name: after.name", "new_name: "+tt.rules)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			tt.spoil(b)
			b.renames(1, 2, 1)
			err := Run(ctx, o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Run: got %v, want %q", err, tt.want)
			}
			if got := b.events(); len(got) > 2 {
				t.Errorf("got %d events, want what was translated before the failure at most", len(got))
			}
		})
	}
}

func TestRunHealsWhenTheBrokerReturns(t *testing.T) {
	t.Parallel()
	const keys, renames = 5, 20
	broker := kafkatest.StartDurable(t)
	b := setupOn(t, broker.Brokers())
	b.publishShape(b.shape)
	o := b.options()
	stop := b.start(o)
	b.renames(keys, 1, renames)
	b.await(keys * renames)
	broker.Down()
	eventually(t, time.Minute, func() bool { return o.Health.Reasons()[HealthPart] != "" },
		func() string { return "ready without a broker" })
	broker.Up()
	eventually(t, time.Minute, func() bool { return len(o.Health.Reasons()) == 0 },
		func() string { return fmt.Sprintf("not ready with a broker: %v", o.Health.Reasons()) })
	b.renames(keys, 1+renames, renames)
	got := b.await(2 * keys * renames)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	checkOnce(t, got, keys, 2*renames)
}
