package page_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"go.uber.org/goleak"

	"telltale/internal/demo/feed"
	"telltale/internal/demo/page"
	"telltale/internal/mysqlserver/mysqltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start serves a page with a log of its own.
func start(t *testing.T, db *sql.DB) (base string, log *feed.Log) {
	t.Helper()
	log = feed.NewLog(feed.LogOptions{Started: time.Now()})
	server := httptest.NewUnstartedServer(nil)
	h, err := page.New(page.Options{
		Log: log, Host: server.Listener.Addr().String(), Shop: "http://127.0.0.1:8081", SQL: db, Controls: &controls{},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = h
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, log
}

// do makes a request; edit may change it before.
func do(t *testing.T, method, url, body string, edit func(*http.Request)) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(req)
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	base, _ := start(t, nil)
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	_, port, _ := strings.Cut(strings.TrimPrefix(base, "http://"), ":")
	tests := []struct {
		name, method, path string
		edit               func(*http.Request)
		want               int
	}{
		{"the page", http.MethodGet, "/", nil, http.StatusOK},
		{"its style", http.MethodGet, "/assets/base.css", nil, http.StatusOK},
		{"its script", http.MethodGet, "/assets/app.js", nil, http.StatusOK},
		{"nothing else", http.MethodGet, "/nothing", nil, http.StatusNotFound},
		{"localhost is sent on", http.MethodGet, "/", host("localhost:" + port), http.StatusTemporaryRedirect},
		{"a name that points here", http.MethodGet, "/", host("evil.example:" + port), http.StatusMisdirectedRequest},
		{"a write by such a name", http.MethodPost, "/api/sql", host("evil.example:" + port), http.StatusMisdirectedRequest},
		{"a write from another origin", http.MethodPost, "/api/sql", func(r *http.Request) {
			r.Header.Set("Origin", "http://127.0.0.1:8081")
			r.Header.Set("Sec-Fetch-Site", "same-site")
		}, http.StatusForbidden},
		{"a write that is none", http.MethodPost, "/api/sql", nil, http.StatusBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, body := do(t, tt.method, base+tt.path, "", tt.edit)
			if resp.StatusCode != tt.want {
				t.Errorf("got status %d, want %d: %s", resp.StatusCode, tt.want, body)
			}
		})
	}
}

// The page's own files must obey the policy that keeps others' out.
func TestPageNeedsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	base, _ := start(t, nil)
	resp, html := do(t, http.MethodGet, base+"/", "", nil)
	policy := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "frame-src http://127.0.0.1:8081"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q allows inline code", policy)
	}
	for _, bad := range []string{"<style", "onclick=", "style=", "https://"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	files, err := filepath.Glob("assets/*.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d scripts (%v), want some", len(files), err)
	}
	for _, file := range files {
		answer, script := do(t, http.MethodGet, base+"/"+file, "", nil)
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: got status %d", file, answer.StatusCode)
		}
		// A namespace is a name, and nothing that is asked for.
		script = strings.ReplaceAll(script, "http://www.w3.org/2000/svg", "")
		for _, bad := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://"} {
			if strings.Contains(script, bad) {
				t.Errorf("%s has %q", file, bad)
			}
		}
	}
}

// message is one server-sent event.
type message struct{ id, kind, data string }

// follow opens the feed after the given id.
func follow(t *testing.T, base, lastID string) func() message {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/feed", nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("got content type %q", got)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return func() message {
		t.Helper()
		var m message
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				m.id = value
			case "event":
				m.kind = value
			case "data":
				m.data = value
			case "":
				if m.kind != "" {
					return m
				}
			}
		}
		return message{kind: "end"}
	}
}

func add(l *feed.Log, id, name string) {
	l.AddChange(feed.Change{
		ID: id, DB: "shop", Table: "customers", Op: "c", Key: json.RawMessage(`{"id":1}`),
		After: json.RawMessage(`{"name":"` + name + `"}`), Committed: time.Now(), Seen: time.Now(),
	})
}

func TestFeedResumes(t *testing.T) {
	t.Parallel()
	base, log := start(t, nil)
	add(log, "g:1", "Bob")

	next := follow(t, base, "")
	if m := next(); m.kind != "reset" {
		t.Fatalf("got %+v first, want a reset", m)
	}
	first := next()
	if first.kind != "card" || !strings.Contains(first.data, `\"Bob\"`) {
		t.Fatalf("got %+v, want the card of Bob", first)
	}
	add(log, "g:2", "Alice\\nid: 0\\n\\nevent: reset") // A value cannot end its line.
	second := next()
	if second.kind != "card" || !strings.Contains(second.data, "Alice") {
		t.Fatalf("got %+v, want the card of Alice", second)
	}

	add(log, "g:3", "Carol")
	if m := follow(t, base, second.id)(); m.kind != "card" || !strings.Contains(m.data, "Carol") {
		t.Errorf("resumed after %s: got %+v, want the card of Carol alone", second.id, m)
	}
	if m := follow(t, base, "ANOTHER1-2")(); m.kind != "reset" {
		t.Errorf("resumed from another process: got %+v, want a reset", m)
	}
}

func TestFeedEndsWithTheDemo(t *testing.T) {
	t.Parallel()
	base, log := start(t, nil)
	next := follow(t, base, "")
	log.SetStatus(feed.Status{Ended: "it was stopped"})
	for range 2 { // The reset and the status.
		if m := next(); m.kind == "end" {
			t.Fatal("the feed ended before it told why")
		}
	}
	if m := next(); m.kind != "end" {
		t.Errorf("got %+v, want the end", m)
	}
}

func TestStateShowsTheSame(t *testing.T) {
	t.Parallel()
	base, log := start(t, nil)
	add(log, "g:1", "<script>")
	log.AddMail(feed.Mail{Subject: "Welcome", To: []string{"bob@example.com"}})
	log.SetStatus(feed.Status{Parts: []feed.Part{{Name: "binlog", State: "running"}}})
	_, body := do(t, http.MethodGet, base+"/api/state", "", nil)
	var got struct {
		Cards  []feed.Card
		Mails  []feed.Mail
		Status feed.Status
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Cards) != 1 || len(got.Mails) != 1 || len(got.Status.Parts) != 1 {
		t.Errorf("got %s", body)
	}
	if strings.Contains(body, "<script>") {
		t.Errorf("the markup is not escaped: %s", body)
	}
}

// shellDB opens a database as the demo's shell account does.
func shellDB(t *testing.T) *sql.DB {
	t.Helper()
	server := mysqltest.Start(t)
	mysqltest.DB(t, server, "shop")
	config, err := mysql.ParseDSN(server.DSN("shop"))
	if err != nil {
		t.Fatal(err)
	}
	config.MultiStatements = true
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxIdleConns(-1)
	return db
}

func TestSQLByHand(t *testing.T) {
	t.Parallel()
	db := shellDB(t)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(10), raw BINARY(2))"); err != nil {
		t.Fatal(err)
	}
	base, _ := start(t, db)
	tests := []struct {
		name, statement string
		status          int
		want            string
	}{
		{"insert", "INSERT INTO t VALUES (1, NULL, 0xff01), (2, 'Bob', 0x4142)", 200, `{"affected":[2]}`},
		{"select", " select id, name, raw FROM t", 200, `{"columns":["id","name","raw"],"rows":[["1",null,"0xff01"],["2","Bob","AB"]]}`},
		{"a line break after the word", "SELECT\n1", 200, `{"columns":["1"],"rows":[["1"]]}`},
		{"update to equal values", "UPDATE t SET name = 'Bob' WHERE id = 2", 200, `{"affected":[0]}`},
		{"rolled back", "START TRANSACTION; UPDATE t SET name = 'Jim'; ROLLBACK", 200, `{"affected":[0,2,0]}`},
		{"so that nothing became different", "SELECT COUNT(*) FROM t WHERE name = 'Jim'", 200, `"rows":[["0"]]`},
		{"the second of two is wrong", "DO 1; UPDATE nowhere SET x = 1", 422, "nowhere"},
		{"wrong", "UPDATE nowhere SET x = 1", 422, "nowhere"},
		{"empty", "", 422, "empty"},
		{"a lock does not outlive its request", "LOCK TABLES t WRITE", 200, ""},
		{"so that the next goes on", "DELETE FROM t WHERE id = 2", 200, `{"affected":[1]}`},
		{"many rows", "WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n", 200, `["100"]],"more":true`},
	}
	for _, tt := range tests { // In this order, in one database.
		body, err := json.Marshal(map[string]string{"statement": tt.statement})
		if err != nil {
			t.Fatal(err)
		}
		resp, got := do(t, http.MethodPost, base+"/api/sql", string(body), nil)
		if resp.StatusCode != tt.status || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %d %s, want %d and %s", tt.name, resp.StatusCode, got, tt.status, tt.want)
		}
	}
	resp, got := do(t, http.MethodPost, base+"/api/sql", `{"statement":"`+strings.Repeat("x", 1<<20)+`"}`, nil)
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("too long: got %d %s, want 400", resp.StatusCode, got)
	}
}
