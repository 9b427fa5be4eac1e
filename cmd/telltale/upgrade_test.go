package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/crudapp/mysql"
	"telltale/internal/binarytest"
	"telltale/internal/kafkaclient"
	"telltale/internal/mysqlserver/mysqltest"
)

// settledCustomers is how many customers there are before the upgrade.
const settledCustomers = 3000

// TestUpgradeWithoutDowntime brings a country to the customers of a shop that is
// full, while the version of the shop that knows nothing of it serves on, the one
// that does begins beside it, and the reader and the translator run with rules that
// know the country from the start. Every event of what customers did must come once,
// in order, with the country that the row had, and none of what the upgrade did.
func TestUpgradeWithoutDowntime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, "DROP DATABASE shop", "CREATE USER shop IDENTIFIED BY '"+password+"'", "GRANT ALL ON shop.* TO shop")
	w.migrateTo(t, mysql.VersionAccountsClose-1)
	db := mysqltest.DB(t, w.mysql, "shop")
	settle(t, db)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stages := []*running{w.start(ctx, t, "binlog"), w.start(ctx, t, "translator")}
	eventually(t, "the translator", func() (bool, string) {
		for _, s := range stages {
			s.check(t)
		}
		_, ready := binarytest.Get(t, "http://"+stages[1].ops+"/readyz")
		return ready == "ok", ready
	})

	said := &sayings{want: map[uint64][]saying{}}
	older := startOlder(t, db, said)
	older.awaitMore(t)
	w.migrateTo(t, mysql.VersionCountryAdded)
	older.awaitMore(t)
	newer := startNewer(t, w.dsn("shop", "shop"), said)
	newer.chooseForOlder(t)
	for _, step := range []int64{mysql.VersionCountryDefault, mysql.VersionCountryFilled, mysql.VersionCountryRequired, 0} {
		newer.awaitMore(t)
		older.awaitMore(t)
		said.changing.Store(true)
		w.migrateTo(t, step)
		said.changed.Store(true)
	}
	newer.awaitMore(t)
	older.awaitMore(t)
	older.end(t)
	newer.end(t)

	said.markEnd(t, db)
	w.compareEvents(t, said)
	for _, s := range stages {
		s.check(t)
	}
	stop()
	for _, s := range stages {
		if r := <-s.done; r.status != exitOK {
			t.Errorf("%s ended with status %d:\n%s", s.name, r.status, r.stderr)
		}
	}
}

// migrateTo takes the shop's tables to a version by command, 0 for the newest.
func (w *world) migrateTo(t *testing.T, version int64) {
	t.Helper()
	r := runCommand(t.Context(), []string{"TELLTALE_CRUDAPP_DSN=" + w.dsn("shop", "shop")},
		"crudapp", "migrate", "--to", strconv.FormatInt(version, 10))
	if r.status != exitOK {
		t.Fatalf("migrate to version %d: status %d\n%s", version, r.status, r.stderr)
	}
}

// running is a stage that was started by its command.
type running struct {
	name, ops string
	done      chan result
}

func (w *world) start(ctx context.Context, t *testing.T, stage string) *running {
	t.Helper()
	s := &running{name: stage, ops: binarytest.FreeAddr(t), done: make(chan result, 1)}
	go func() { s.done <- w.command(ctx, w.environ(map[string]string{"OPS_LISTEN": s.ops}), stage) }()
	return s
}

// check fails the test where a stage has stopped.
func (s *running) check(t *testing.T) {
	t.Helper()
	select {
	case r := <-s.done:
		t.Fatalf("%s stopped: status %d\n%s", s.name, r.status, r.stderr)
	default:
	}
}

// compareEvents reads the customers' events up to the last that is expected of each
// and compares them with what was done.
func (w *world) compareEvents(t *testing.T, said *sayings) {
	t.Helper()
	var got map[string][]string
	eventually(t, "the last event of each customer", func() (bool, string) {
		got = w.customerEvents(t)
		missing := 0
		for id := range said.want {
			if events := got[strconv.FormatUint(id, 10)]; len(events) == 0 || events[len(events)-1] != last(id) {
				missing++
			}
		}
		return missing == 0, fmt.Sprintf("%d of %d customers have not had it", missing, len(said.want))
	})
	for key, events := range got {
		id, err := strconv.ParseUint(key, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		want := said.want[id]
		if !slices.EqualFunc(events, want, func(event string, saying saying) bool { return slices.Contains(saying, event) }) {
			t.Errorf("the events of customer %d:\n%s\nwant\n%s", id, strings.Join(events, "\n"), want)
		}
	}
}

// customerEvents returns the events of each customer so far, each as its type and data.
func (w *world) customerEvents(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := kafkaclient.ReadToEnd(t.Context(), kafkaclient.Config{Brokers: w.kafka.Brokers()}, "events.customer", func(m *kafka.Message) error {
		at := slices.IndexFunc(m.Headers, func(h kafka.Header) bool { return h.Key == "ce_type" })
		found[string(m.Key)] = append(found[string(m.Key)], string(m.Headers[at].Value)+" "+string(m.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
