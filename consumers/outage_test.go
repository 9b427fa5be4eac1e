package consumers

import (
	"database/sql"
	"net/netip"
	"strings"
	"testing"
	"time"

	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// TestMySQLRestart kills the database in the middle, with batches under way,
// and starts it again: the consumer says why it is not ready, keeps its
// partitions, and heals.
func TestMySQLRestart(t *testing.T) {
	t.Parallel()
	binary := mysqltest.Binary(t)
	o := mysqlserver.Options{Binary: binary, Dir: t.TempDir(), Settings: []string{"skip-log-bin", "gtid-mode=OFF"}}
	s, err := mysqlserver.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
	})
	w := newWorld(t, s, mysqltest.DB(t, s, "outage"), "outage")
	w.produce(200)
	i := w.start(w.options(), tallyConsumer())
	w.awaitHandled(20)
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	w.produce(100)
	eventually(t, "it says that it is not ready", func() bool { return len(w.health.Reasons()) > 0 })
	o.Port = int(netip.MustParseAddrPort(s.Addr()).Port())
	if s, err = mysqlserver.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	w.awaitHandled(300)
	eventually(t, "it is ready again", func() bool { return len(w.health.Reasons()) == 0 })
	for p, epoch := range w.claims() {
		if epoch != 1 {
			t.Errorf("partition %d was claimed %d times, want once: the same batch is tried again", p, epoch)
		}
	}
	i.stop()
	w.assertExactlyOnce()
}

// TestStart lists what makes a consumer fail at once.
func TestStart(t *testing.T) {
	t.Parallel()
	s := mysqltest.Start(t)
	db := mysqltest.DB(t, s, "start")
	if _, err := db.Exec("CREATE USER nobody IDENTIFIED BY 'x'"); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, s, db, "start")
	addr := s.Addr()
	tests := []struct {
		name string
		edit func(o *Options, c *Consumer)
		want string
	}{
		{"no DSN", func(o *Options, _ *Consumer) { o.DSN = "" }, "no DSN of a database"},
		{"DSN that is none", func(o *Options, _ *Consumer) { o.DSN = "mysql://x" }, "parse the DSN"},
		{"DSN without a database", func(o *Options, _ *Consumer) { o.DSN = s.DSN("") }, "names no database"},
		{"nobody listens", func(o *Options, _ *Consumer) { o.DSN = "root@tcp(127.0.0.1:1)/start" }, "reach the consumers database start at 127.0.0.1:1 as root"},
		{"wrong password", func(o *Options, _ *Consumer) { o.DSN = "nobody:y@tcp(" + addr + ")/start" }, "Access denied"},
		{
			"may not create the database", func(o *Options, _ *Consumer) { o.DSN = "nobody:x@tcp(" + addr + ")/missing" },
			"Access denied",
		},
		{"no broker", func(o *Options, _ *Consumer) { o.Kafka.Brokers = "127.0.0.1:1" }, `"127.0.0.1:1"`},
		{"bad name", func(_ *Options, c *Consumer) { c.Name = "No Name" }, `consumer "No Name": name "No Name"`},
		{"no topics", func(_ *Options, c *Consumer) { c.Topics = nil }, "no topics"},
		{"no handler", func(_ *Options, c *Consumer) { c.Handle = nil }, "no handler"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o, c := w.options(), tallyConsumer()
			test.edit(&o, &c)
			err := Run(t.Context(), o, c)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error with %q", err, test.want)
			}
			if strings.Contains(err.Error(), ":y@") {
				t.Errorf("the error %q tells the password", err)
			}
		})
	}
}

// TestCreatesDatabase starts a consumer whose database is not there yet.
func TestCreatesDatabase(t *testing.T) {
	t.Parallel()
	s := mysqltest.Start(t)
	w := newWorld(t, s, nil, "fresh")
	w.db = openLate(t, s.DSN("fresh"))
	w.produce(5)
	i := w.start(w.options(), tallyConsumer())
	w.awaitHandled(5)
	i.stop()
	w.assertExactlyOnce()
}

func openLate(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestBrokerRestart takes the broker away and brings it back with its data.
func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	s := mysqltest.Start(t)
	broker := kafkatest.StartDurable(t)
	w := newWorldOn(t, broker.Brokers(), s, mysqltest.DB(t, s, "broker"), "broker")
	w.produce(50)
	i := w.start(w.options(), tallyConsumer())
	w.awaitHandled(50)
	broker.Down()
	eventually(t, "it says that it is not ready", func() bool { return len(w.health.Reasons()) > 0 })
	broker.Up()
	w.produce(50)
	w.awaitHandled(100)
	eventually(t, "it is ready again", func() bool { return len(w.health.Reasons()) == 0 })
	i.stop()
	w.assertExactlyOnce()
}

// TestStopWhileAway ends a consumer whose database and brokers are gone.
func TestStopWhileAway(t *testing.T) {
	t.Parallel()
	s := mysqltest.Start(t)
	broker := kafkatest.Start(t)
	w := newWorldOn(t, broker.Brokers(), s, mysqltest.DB(t, s, "away"), "away")
	w.produce(20)
	i := w.start(w.options(), tallyConsumer())
	w.awaitHandled(20)
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	w.produce(20)
	eventually(t, "the database is away", func() bool { return len(w.health.Reasons()) > 0 })
	broker.Close()
	eventually(t, "the brokers are away", func() bool { return w.health.Reasons()["consumer tally, kafka"] != "" })
	started := time.Now()
	i.stop()
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("it took %v to stop", took)
	}
}
