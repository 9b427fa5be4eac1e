package demo_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	_ "github.com/go-sql-driver/mysql" // The driver that sql.Open needs by name.

	"telltale/internal/binarytest"
	"telltale/internal/demo"
	"telltale/internal/demo/feed"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// Bounds on a machine that has much else to do: of a demo's start, of its stop,
// and of whatever else must happen.
const (
	startTime = 3 * time.Minute
	stopTime  = 20 * time.Second
	patience  = 2 * time.Minute
)

// child is `telltale demo` as a child process.
type child struct {
	cmd       *exec.Cmd
	out       *output
	page      string
	shop      string
	elsewhere string
	ended     chan struct{}
	status    error
}

// output collects what the child prints. It is safe for concurrent use.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run starts the binary with MySQL from the tests' own tools, so that nothing
// is fetched.
func run(t *testing.T, binary string, args ...string) *child {
	t.Helper()
	c := &child{out: &output{}, ended: make(chan struct{})}
	c.cmd = exec.Command(binary, append([]string{"demo"}, args...)...)
	c.cmd.Dir = t.TempDir()
	c.cmd.Env = append(os.Environ(), mysqlserver.EnvBinary+"="+mysqltest.Binary(t).Path)
	c.cmd.Stdout, c.cmd.Stderr = c.out, c.out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { c.status = c.cmd.Wait(); close(c.ended) }()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.ended
		if t.Failed() {
			t.Logf("output of the demo:\n%s", c.out)
		}
	})
	return c
}

// start runs a demo and waits until it is open.
func start(t *testing.T, binary string, args ...string) *child {
	t.Helper()
	c := run(t, binary, args...)
	addresses := regexp.MustCompile(`(?s)shop +on (http://\S+).*elsewhere +on (http://[^,]+),.*Open (http://[^/]+)/`)
	poll(t, startTime, "the demo to open", func() bool {
		select {
		case <-c.ended:
			t.Fatalf("the demo ended: %v", c.status)
		default:
		}
		m := addresses.FindStringSubmatch(c.out.String())
		if m == nil {
			return false
		}
		c.shop, c.elsewhere, c.page = m[1], m[2], m[3]
		return true
	})
	return c
}

// interrupt does what Ctrl-C does.
func (c *child) interrupt(t testing.TB) {
	t.Helper()
	began := time.Now()
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.ended:
	case <-time.After(2 * stopTime):
		t.Fatalf("the demo did not stop")
	}
	if took := time.Since(began); took > stopTime {
		t.Errorf("the demo took %s to stop, want at most %s", took, stopTime)
	}
	if c.status != nil {
		t.Errorf("got %v after an interrupt, want status 0", c.status)
	}
}

func poll(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", limit, what)
		}
	}
}

func post(t *testing.T, url string, body any, status int) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url, "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != status {
		t.Fatalf("POST %s: got %d %s, want %d", url, resp.StatusCode, answer, status)
	}
}

// state is what /api/state says.
type state struct {
	Cards   []feed.Card
	Mails   []feed.Mail
	History []feed.Fact
	Lag     []feed.Sample
	Status  feed.Status
}

func (c *child) state(t *testing.T) state {
	t.Helper()
	resp, err := http.Get(c.page + "/api/state")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var s state
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// awaitCard reads the feed after lastID until a card is complete: an event of
// the type and its mail. It returns that card, all cards that it read, that one
// included, and the id to resume from.
func (c *child) awaitCard(t *testing.T, lastID, eventType string) (card feed.Card, seen []feed.Card, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.page+"/api/feed", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", lastID)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for kind := ""; lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "id":
			id = value
		case name == "event":
			kind = value
		case name == "data" && kind == "card":
			card = feed.Card{}
			if err := json.Unmarshal([]byte(value), &card); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, card)
			if len(card.Events) > 0 && card.Events[0].Title == eventType && hasMail(card) && card.Row != nil {
				return card, seen, id
			}
		}
	}
	t.Fatalf("the feed ended before a card with %s and its mail: %v", eventType, lines.Err())
	return card, seen, id
}

// hasMail tells whether a mail came of a change.
func hasMail(c feed.Card) bool {
	return slices.ContainsFunc(c.Effects, func(e feed.Effect) bool { return e.Kind == feed.EffectMail })
}

// signInStaff signs in as whom the demo says that it let into the staff pages.
func signInStaff(t *testing.T, c *child) {
	t.Helper()
	m := regexp.MustCompile(`staff +on (http://\S+)/staff, as (\S+) with the password "([^"]+)"`).FindStringSubmatch(c.out.String())
	if m == nil || m[1] != c.shop {
		t.Fatalf("the demo does not say who may use the shop's staff pages: %s", c.out)
	}
	post(t, c.shop+"/api/staff/session", map[string]string{"email": m[2], "password": m[3]}, http.StatusCreated)
}

func TestDemo(t *testing.T) {
	t.Parallel()
	binary, dir := binarytest.Build(t), filepath.Join(t.TempDir(), "data")

	c := start(t, binary, "--dir", dir)
	bob := map[string]string{"name": "Bob", "email": "bob@example.com", "password": "a long enough pass phrase"}
	post(t, c.shop+"/api/customers", bob, http.StatusCreated)
	registered, _, id := c.awaitCard(t, "", "CustomerRegistered")
	for what, ms := range map[string]*float64{"row": registered.Row.MS, "event": registered.Events[0].MS, "effect": registered.Effects[0].MS} {
		if ms == nil || *ms < 0 || *ms > 30_000 {
			t.Errorf("milliseconds to the %s: got %v", what, ms)
		}
	}

	post(t, c.page+"/api/sql", map[string]string{"statement": "UPDATE customers SET name = 'Carol'"}, http.StatusOK)
	renamed, seen, _ := c.awaitCard(t, id, "CustomerNameChanged")
	for _, card := range seen { // What came of her registration later comes again, whole.
		if reflect.DeepEqual(card, registered) || card.ID != registered.ID && card.ID != renamed.ID {
			t.Errorf("the resumed feed told of %s again", card.ID)
		}
	}
	checkMetrics(t, c)

	second := run(t, binary, "--dir", dir)
	<-second.ended
	if second.status == nil || !strings.Contains(second.out.String(), "another demo uses "+dir) {
		t.Errorf("a second demo: got %v and %q", second.status, second.out)
	}

	c.interrupt(t)
	c = start(t, binary, "--dir", dir)
	signInStaff(t, c)
	poll(t, patience, "the two cards, the mails and the history from before the restart", func() bool {
		s := c.state(t)
		// Her name, her address and her country, and then another name.
		return len(s.Cards) == 2 && s.Cards[0].ID == registered.ID && s.Cards[1].ID == renamed.ID && hasMail(s.Cards[1]) && len(s.Mails) == 2 && len(s.History) == 4
	})
	post(t, c.shop+"/api/session", bob, http.StatusBadRequest) // Unknown field: the shop is there.
	delete(bob, "name")
	post(t, c.shop+"/api/session", bob, http.StatusCreated)
	post(t, c.page+"/api/sql", map[string]string{"statement": "UPDATE customers SET phone = '123'"}, http.StatusOK)
	c.awaitCard(t, "", "CustomerPhoneChanged")

	killHard(t, c, dir)
	c = start(t, binary, "--dir", dir, "--fresh")
	if s := c.state(t); len(s.Cards) != 0 || len(s.Mails) != 0 {
		t.Errorf("after --fresh: got %+v, want nothing", s)
	}
	c.interrupt(t)
}

// checkMetrics looks at the operator's port as the demo prints it.
func checkMetrics(t *testing.T, c *child) {
	t.Helper()
	m := regexp.MustCompile(`metrics +on (http://\S+)/metrics`).FindStringSubmatch(c.out.String())
	if m == nil {
		t.Fatal("the demo does not say where its metrics are")
	}
	for path, want := range map[string]string{"/metrics": "telltale_binlog_", "/healthz": "ok", "/readyz": "ok"} {
		resp, err := http.Get(m[1] + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK || !strings.Contains(string(text), want) {
			t.Errorf("%s: got %d, want 200 and %q", path, resp.StatusCode, want)
		}
	}
}

// killHard kills the demo as kill -9 does and waits for its server to be gone.
func killHard(t *testing.T, c *child, dir string) {
	t.Helper()
	pid := mysqldPID(t, dir)
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-c.ended
	poll(t, patience, fmt.Sprintf("mysqld %d to be gone", pid), func() bool {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	})
}

func mysqldPID(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "mysql", "data", "*.pid"))
	if err != nil || len(files) != 1 {
		t.Fatalf("look for the server's pid file: got %q, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// A reader that cannot start ends the demo, which says why.
func TestDemoEndsWithoutItsReader(t *testing.T) {
	t.Setenv(mysqlserver.EnvBinary, mysqltest.Binary(t).Path)
	binary := filepath.Join(t.TempDir(), "telltale")
	const script = "#!/bin/sh\necho 'telltale: the disk is full' >&2\nexit 1\n"
	if err := os.WriteFile(binary, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	err := demo.Run(t.Context(), demo.Options{
		Dir: t.TempDir(), Tools: t.TempDir(), Binary: binary, Rules: fstest.MapFS{},
		Started: func(demo.Addresses) { t.Error("the demo opened") },
		Build: func(ctx context.Context, e demo.Env) (demo.App, error) {
			return demo.App{Shop: http.NotFoundHandler()}, rights(ctx, e)
		},
	})
	if err == nil || err.Error() != "binlog: the disk is full" {
		t.Errorf("got error %v, want that of the reader", err)
	}
}

// rights checks that each account may do its work and no more.
func rights(ctx context.Context, e demo.Env) error {
	for _, one := range []struct {
		dsn, statement string
		allowed        bool
	}{
		{e.Shop, "CREATE TABLE shop.t (id INT PRIMARY KEY)", true},
		{e.Shop, "CREATE TABLE telltale.t (id INT PRIMARY KEY)", false},
		{e.Binlog, "SELECT * FROM shop.t", true},
		{e.Binlog, "SHOW BINARY LOG STATUS", true},
		{e.Binlog, "INSERT INTO shop.t VALUES (1)", false},
		{e.Consumers, "CREATE TABLE telltale.t (id INT PRIMARY KEY)", true},
		{e.Consumers, "SELECT * FROM shop.t", false},
		{e.Shell, "INSERT INTO shop.t VALUES (2)", true},
		{e.Shell, "DROP TABLE shop.t", false},
	} {
		db, err := sql.Open("mysql", one.dsn)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, one.statement)
		if err := db.Close(); err != nil {
			return err
		}
		if (err == nil) != one.allowed {
			return fmt.Errorf("%s: got error %w, want it allowed: %t", one.statement, err, one.allowed)
		}
	}
	return nil
}
