package binlog

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/mysqlserver/mysqltest"
)

func TestBytesBehind(t *testing.T) {
	t.Parallel()
	files := []logFile{{"b.1", 100}, {"b.2", 200}, {"b.3", 50}}
	for _, tt := range []struct {
		name  string
		at    coordinates
		bytes uint64
		ok    bool
	}{
		{"in the oldest", coordinates{"b.1", 40}, 60 + 200 + 50, true},
		{"at a file's end", coordinates{"b.2", 200}, 50, true},
		{"at the end", coordinates{"b.3", 50}, 0, true},
		{"ahead of the answer", coordinates{"b.3", 70}, 0, true},
		{"purged, or of another server", coordinates{"a.9", 4}, 0, false},
		{"not known", coordinates{}, 0, false},
	} {
		if bytes, ok := bytesBehind(files, tt.at); bytes != tt.bytes || ok != tt.ok {
			t.Errorf("%s: got %d, %t, want %d, %t", tt.name, bytes, ok, tt.bytes, tt.ok)
		}
	}
}

// What was read and not committed counts as behind.
func TestTrackPublished(t *testing.T) {
	t.Parallel()
	var tr track
	check := func(step string, want coordinates) {
		t.Helper()
		if got := tr.published(); got != want {
			t.Errorf("%s: got %v, want %v", step, got, want)
		}
	}
	tr.reach("b.1", 100)
	check("only read", coordinates{"b.1", 100})
	tr.begin()
	tr.commit(Position{File: "b.1", Pos: 100})
	tr.reach("b.1", 150)
	check("an event that needs no publishing", coordinates{"b.1", 150})
	tr.begin()
	tr.reach("b.2", 30)
	check("a transaction is open", coordinates{"b.1", 100})
	tr.commit(Position{File: "b.2", Pos: 30})
	check("and committed", coordinates{"b.2", 30})
}

func TestTrackStuck(t *testing.T) {
	t.Parallel()
	var tr track
	start := time.Now()
	if err := tr.stuck(start); err != nil {
		t.Errorf("nothing was handed over: got %v", err)
	}
	now := start
	taken := tr.handOver(func() time.Time { return now }, toKafka)
	check := func(at time.Time, want string) {
		t.Helper()
		got := ""
		if err := tr.stuck(at); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("after %v: %q, want %q", at.Sub(start), got, want)
		}
	}
	check(start.Add(stuckAfter), "")
	check(start.Add(stuckAfter+time.Second), "changes wait, and Kafka has taken none for 31s")
	stored := tr.handOver(func() time.Time { return now }, toClaims)
	check(start.Add(stuckAfter+2*time.Second), "changes wait, and the store of claim checks has taken none for 32s")
	now = start.Add(time.Minute)
	stored()
	check(now.Add(stuckAfter), "") // Kafka had nothing to take meanwhile.
	check(now.Add(stuckAfter+time.Second), "changes wait, and Kafka has taken none for 31s")
	taken()
	check(start.Add(time.Hour), "")
}

// The lag grows while a transaction waits for Kafka.
func TestLag(t *testing.T) {
	t.Parallel()
	var l lag
	start := time.UnixMicro(1_700_000_000_000_000)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	check := func(step string, now time.Time, want float64) {
		t.Helper()
		if got := l.seconds(now); got != want {
			t.Errorf("%s: got %v, want %v", step, got, want)
		}
	}
	check("nothing yet", at(0), 0)
	l.wait(at(0).UnixMicro())
	l.wait(at(5).UnixMicro()) // Behind the one that waits.
	check("it waits", at(10), 10)
	l.published(at(5), at(12))
	check("published", at(60), 7)
	l.wait(at(60).UnixMicro())
	check("a newer one waits", at(61), 7)
	l.begin()
	check("a session begins", at(1000), 7)
	l.forget()
	check("another reader's turn", at(1000), 0)
}

// What goes in and out is counted, on both servers, and nothing is left behind.
func TestMetricsOfAStream(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testMetricsOfAStream)
}

func testMetricsOfAStream(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	registry := prometheus.NewRegistry()
	h.o.Registerer, h.o.Tables = registry, []string{"shop.customers"}
	h.exec(t, customers, "CREATE TABLE others (id int PRIMARY KEY)")
	h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('a'), ('b'), ('c')", "UPDATE customers SET version = 2",
		"INSERT INTO others VALUES (1)", "FLUSH BINARY LOGS", "DELETE FROM customers WHERE name = 'a'", "FLUSH BINARY LOGS")
	h.published(t)
	got := func(name string, labels ...string) float64 {
		return sample(t, registry, "telltale_binlog_"+name, labels...)
	}
	for deadline := time.Now().Add(patience); got("behind_bytes") != 0 || got("transactions_total") < 4; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%v bytes behind, %v transactions", got("behind_bytes"), got("transactions_total"))
		}
	}
	for name, want := range map[string]float64{"rows_read_total": 7, "rows_total": 7, "leader": 1, "queue_fill_ratio": 0} {
		if got := got(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if read, passed := got("transactions_read_total"), got("transactions_total"); read != passed || read < 4 {
		t.Errorf("%v transactions were read and %v passed, want the same, and four at least", read, passed)
	}
	if read, written := got("read_bytes_total"), got("bytes_total"); read < 500 || written < 1000 {
		t.Errorf("%v bytes were read and %v written", read, written)
	}
	for outcome, want := range map[string]float64{"handled": 3, "skipped": 1, "stops": 0} {
		if got := got("events_total", "type", "TableMapEvent", "outcome", outcome); got != want {
			t.Errorf("table maps, %s: got %v, want %v", outcome, got, want)
		}
	}
	h.exec(t, "SET SESSION binlog_format = 'STATEMENT'", "INSERT INTO customers (id, name) VALUES (100, 'x')")
	for deadline := time.Now().Add(patience); got("sessions_ended_total", "class", "fatal", "cause", "event") != 1; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the end of the session is not counted")
		}
	}
}

// sample is the value of a metric with these labels, each followed by its value;
// 0 where there is none.
func sample(t *testing.T, registry *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			matched := 0
			for _, l := range m.GetLabel() {
				for i := 0; i < len(labels); i += 2 {
					if l.GetName() == labels[i] && l.GetValue() == labels[i+1] {
						matched++
					}
				}
			}
			if matched == len(labels)/2 {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return 0
}
