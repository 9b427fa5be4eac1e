package outage_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"telltale/internal/apachekafka"
	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/binarytest"
	"telltale/internal/install"
	"telltale/internal/smtpserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The stages, each a process of its own.
const (
	reader     = "binlog"
	translator = "translator"
	consumer   = "consumers"
)

var stages = []string{reader, translator, consumer}

// world is an installation and the servers that it stands on, each of which can
// go away and come back at its address with its data.
type world struct {
	whole          *testing.T // Its end ends the broker, also one that a part of it started.
	install        *install.Install
	source, ledger *database
	broker         *apachekafka.Server
	brokerOptions  apachekafka.Options
	smtp           *smtpserver.Server
	mails          []smtpserver.Mail // Of mail servers that are gone.
	shop           *sql.DB
	processes      map[string]*install.Process
	ops            map[string]string
	customers      int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		whole: t, source: newDatabase(t), ledger: newDatabase(t), processes: make(map[string]*install.Process), ops: make(map[string]string),
		brokerOptions: apachekafka.Options{Dir: filepath.Join(t.TempDir(), "kafka")},
	}
	w.startBroker(t)
	w.brokerOptions.Port = int(netip.MustParseAddrPort(w.broker.Brokers()).Port())
	w.startSMTP(t)
	t.Cleanup(func() { w.stopSMTP(t) })
	var err error
	w.install, err = install.New(t.Context(), install.Options{
		Binary: binarytest.Build(t), Dir: t.TempDir(), Rules: rules(t),
		MySQL: w.source.server.DSN(""), Brokers: w.broker.Brokers(), SMTP: w.smtp.Addr(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.shop, err = sql.Open("mysql", w.install.DSNs.Shell); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.shop.Close() })
	for _, stage := range stages {
		w.ops[stage] = binarytest.FreeAddr(t)
		w.start(t, stage)
	}
	t.Cleanup(func() { w.stopAll(t) })
	return w
}

func rules(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../config/rules")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start starts a stage and waits until it answers; it may have to wait itself for
// what is not there yet.
func (w *world) start(t *testing.T, stage string) {
	t.Helper()
	args := []string{stage, "--ops-listen", w.ops[stage]}
	if stage == consumer {
		args = []string{stage, "mailer", "--ops-listen", w.ops[stage], "--consumers-database-dsn", w.ledger.server.DSN("telltale")}
	}
	p, err := w.install.Start(stage, args...)
	if err != nil {
		t.Fatal(err)
	}
	w.processes[stage] = p
	if stage == reader { // A change that is older than its position is not published.
		w.awaitReady(t, stage)
	}
}

func (w *world) stop(t *testing.T, stage string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := w.processes[stage].Stop(ctx); err != nil {
		t.Error(err)
	}
}

func (w *world) stopAll(t *testing.T) {
	for _, stage := range stages {
		if w.processes[stage] != nil {
			w.stop(t, stage)
		}
	}
}

// alive checks that no stage ended for want of a server.
func (w *world) alive(t *testing.T) {
	t.Helper()
	for _, stage := range stages {
		if err := w.processes[stage].Alive(); err != nil {
			t.Fatal(err)
		}
	}
}

// readyz is what a stage says of itself.
func (w *world) readyz(t *testing.T, stage string) (status int, body string) {
	t.Helper()
	return binarytest.Get(t, "http://"+w.ops[stage]+"/readyz")
}

func (w *world) awaitReady(t *testing.T, stage string) {
	t.Helper()
	binarytest.Await(t, stage+" to be ready", func() string {
		if status, body := w.readyz(t, stage); status != http.StatusOK {
			return body
		}
		return w.gauge(t, stage, "telltale_ready 1")
	})
}

// awaitTrouble waits until a stage says why it is not ready.
func (w *world) awaitTrouble(t *testing.T, stage, says string) {
	t.Helper()
	binarytest.Await(t, stage+" to say what it misses", func() string {
		status, body := w.readyz(t, stage)
		if status != http.StatusServiceUnavailable || !strings.Contains(strings.ToLower(body), says) {
			return fmt.Sprintf("%d %s, want 503 and %q", status, body, says)
		}
		return w.gauge(t, stage, "telltale_ready 0")
	})
}

// gauge looks for a line among a stage's metrics.
func (w *world) gauge(t *testing.T, stage, line string) string {
	t.Helper()
	if _, body := binarytest.Get(t, "http://"+w.ops[stage]+"/metrics"); !slices.Contains(strings.Split(body, "\n"), line) {
		return "its metrics lack " + line
	}
	return ""
}

func (w *world) startBroker(t *testing.T) {
	t.Helper()
	w.broker = apachekafkatest.StartWith(w.whole, w.brokerOptions)
}

func (w *world) stopBroker(t *testing.T) {
	t.Helper()
	if err := w.broker.Kill(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) startSMTP(t *testing.T) {
	t.Helper()
	var o smtpserver.Options
	if w.smtp != nil {
		o.Addr = w.smtp.Addr()
	}
	var err error
	if w.smtp, err = smtpserver.Start(o); err != nil {
		t.Fatal(err)
	}
}

func (w *world) stopSMTP(t *testing.T) {
	t.Helper()
	if err := w.smtp.Close(); err != nil {
		t.Error(err)
	}
	w.mails = slices.Concat(w.mails, w.smtp.Mails())
}
