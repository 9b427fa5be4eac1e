package binlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/ops"
	"telltale/schemas/change"
)

// patience is how long a test waits for what must happen.
const patience = 2 * time.Minute

// harness is a server, a broker and the reader between them.
type harness struct {
	mysql  *mysqlserver.Server
	dir    string // The server's.
	broker *kafkaserver.Server
	db     *sql.DB
	o      Options
	stop   func() error
	ended  <-chan error // Of the reader that was started last.
}

func newHarness(t *testing.T, settings ...string) *harness {
	t.Helper()
	return newHarnessOn(t, mysqltest.Servers{}, settings...)
}

// newHarnessOn makes one with a server of that flavor.
func newHarnessOn(t *testing.T, servers mysqltest.Servers, settings ...string) *harness {
	t.Helper()
	dir := t.TempDir()
	h := &harness{mysql: servers.StartIn(t, dir, settings...), dir: dir, broker: kafkatest.Start(t)}
	h.db = mysqltest.DB(t, h.mysql, "shop")
	h.o = Options{
		Name: "shop", DSN: h.mysql.DSN(""), Tables: []string{"shop.*"}, CreateTopics: true, Partitions: 3,
		Columns: []ColumnRule{{Match: "*.secret", Do: "deny"}},
		Kafka:   kafkaclient.Config{Brokers: h.broker.Brokers(), Logger: kafkatest.Logger(t)},
		Logger:  kafkatest.Logger(t), catchUp: time.Second,
	}
	return h
}

// exec runs statements, each its own transaction, on one connection.
func (h *harness) exec(t *testing.T, statements ...string) {
	t.Helper()
	conn, err := h.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range statements {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// start runs the reader and waits until it is ready. What the reader returns
// comes through ended; stop ends it and returns that.
func (h *harness) start(t *testing.T) (ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	h.o.Health = ops.NewHealth()
	h.o.Health.Set("binlog", errStarting)
	done := make(chan error, 1)
	h.ended = done
	go func() { done <- Run(ctx, h.o) }()
	h.stop = func() error {
		cancel()
		return <-done
	}
	t.Cleanup(func() { cancel() })
	deadline := time.Now().Add(patience)
	for len(h.o.Health.Reasons()) > 0 {
		select {
		case err := <-done:
			done <- err
			t.Fatalf("the reader ended: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the reader is not ready: %v", h.o.Health.Reasons())
		}
	}
	return done
}

// fails runs the reader and returns the error that it ends with.
func (h *harness) fails(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("the reader did not end"))
	defer cancel()
	err := Run(ctx, h.o)
	if err == nil {
		t.Fatalf("the reader ended without an error: %v", context.Cause(ctx))
	}
	return err
}

// still says that the reader goes on by itself, or how it ended.
func (h *harness) still(t *testing.T) ending {
	t.Helper()
	select {
	case err := <-h.ended:
		return nameOf(t, err)
	default:
		return goesOn
	}
}

func (h *harness) mustStop(t *testing.T) {
	t.Helper()
	if err := h.stop(); err != nil {
		t.Fatalf("the reader ended: %v", err)
	}
}

// got is a record as a read_committed reader sees it.
type got struct {
	*kafka.Message
	change.Envelope
}

// records reads a table's topic until it holds n records, tombstones included,
// and fails when there are more.
func (h *harness) records(t *testing.T, table string, n int) []got {
	t.Helper()
	return h.topic(t, "shop.shop."+table, n)
}

// topic is records for a topic by its name.
func (h *harness) topic(t *testing.T, name string, n int) []got {
	t.Helper()
	return parsed(t, h.messages(t, name, n))
}

// parsed are messages with what they say.
func parsed(t *testing.T, messages []*kafka.Message) (all []got) {
	t.Helper()
	for _, m := range messages {
		g := got{Message: m}
		if m.Value != nil {
			e, err := change.Parse(m.Value)
			if err != nil {
				t.Fatalf("%v: %s", err, m.Value)
			}
			g.Envelope = e
		}
		all = append(all, g)
	}
	return all
}

// messages is topic for records of whichever form.
func (h *harness) messages(t *testing.T, name string, n int) []*kafka.Message {
	t.Helper()
	all := h.read(t, name)
	for deadline := time.Now().Add(patience); len(all) < n && time.Now().Before(deadline); all = h.read(t, name) {
		time.Sleep(20 * time.Millisecond)
	}
	if len(all) != n {
		t.Fatalf("topic %s holds %d records, want %d", name, len(all), n)
	}
	return all
}

// read is what a topic holds now.
func (h *harness) read(t *testing.T, name string) (all []*kafka.Message) {
	t.Helper()
	err := kafkaclient.ReadToEnd(t.Context(), h.o.Kafka, name, func(m *kafka.Message) error {
		all = append(all, m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// shapes reads the schemas topic.
func (h *harness) shapes(t *testing.T) []change.Shape {
	t.Helper()
	var all []change.Shape
	err := kafkaclient.ReadToEnd(t.Context(), h.o.Kafka, change.SchemasTopic(h.o.Name), func(m *kafka.Message) error {
		s, err := change.ParseShape(m.Value)
		if err == nil && string(m.Key) != s.Key() {
			err = fmt.Errorf("shape %s stands under key %s", s.Key(), m.Key)
		}
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// published waits until the reader has published all that the server has
// executed, so that what is not there then never comes.
func (h *harness) published(t *testing.T) Position {
	t.Helper()
	srv := h.server(t)
	has, err := srv.dialect.history(t.Context(), srv)
	if err != nil {
		t.Fatal(err)
	}
	want := has.position(srv.dialect)
	deadline := time.Now().Add(patience)
	for {
		p, _, err := ReadPosition(t.Context(), h.o.Kafka, h.o.Name)
		if err != nil {
			t.Fatal(err)
		}
		if p.ByFile {
			if p.File == want.File && p.Pos == want.Pos {
				return p
			}
		} else if read, err := srv.dialect.read(p); err == nil && read.String() == want.GTIDSet {
			return p
		}
		if time.Now().After(deadline) {
			t.Fatalf("published %+v, the server has %+v", p, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// server is the harness's server as the reader asks it.
func (h *harness) server(t *testing.T) *server {
	t.Helper()
	dsn, err := h.o.dsn()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := openServer(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return srv
}

// purge removes all binlog files but a new one. A server keeps one for a while
// that a reader has left or that its storage engine has not caught up with.
func (h *harness) purge(t *testing.T) {
	t.Helper()
	h.exec(t, "FLUSH BINARY LOGS")
	h.purgeOld(t)
}

// purgeOld removes all binlog files but the newest.
func (h *harness) purgeOld(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		h.exec(t, "PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY")
		rows, err := h.db.QueryContext(t.Context(), "SHOW BINARY LOGS")
		if err != nil {
			t.Fatal(err)
		}
		files := 0
		for rows.Next() {
			files++
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if files == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server keeps %d binlog files", files)
		}
	}
}

// mariadb reports whether the server is one.
func (h *harness) mariadb() bool { return h.mysql.Flavor() == mysqlserver.MariaDB }

// forget is the statement by which a server forgets its binlog and its GTIDs.
func forget(t testing.TB, servers mysqltest.Servers) string {
	t.Helper()
	if servers.Flavor == mysqlserver.MariaDB || !servers.Since(t, 8, 2, 0) {
		return "RESET MASTER"
	}
	return "RESET BINARY LOGS AND GTIDS"
}
