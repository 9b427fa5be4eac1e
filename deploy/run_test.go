package deploy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"telltale/internal/binarytest"
	"telltale/internal/mysqlserver/mysqltest"
)

// TestServicesRun runs what docker-compose.yml says, as processes: the accounts
// and settings of its MySQL, and each service that runs our image with its
// command, its environment and its files. Only addresses are others. Then it
// looks for what Prometheus would see, and the dashboard shows.
func TestServicesRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if out, err := w.command(w.project.Services["crudapp-migrate"]).CombinedOutput(); err != nil {
		t.Fatalf("crudapp-migrate: %v\n%s", err, out)
	}
	for _, s := range stages(t, w.project) {
		w.start(t, s)
	}
	for _, s := range stages(t, w.project) {
		binarytest.Await(t, s.Name+" to be ready", func() string {
			output, err := ready(t.Context(), w.ops[s.Name])
			if err != nil {
				return output
			}
			return ""
		})
	}

	w.register(t, "Bob", "bob@example.com")
	binarytest.Await(t, "the mail", func() string {
		if mails := w.smtp.Mails(); len(mails) != 1 || !slices.Equal(mails[0].To, []string{"bob@example.com"}) {
			return fmt.Sprintf("got %+v", mails)
		}
		return ""
	})
	// So that the reader counts a session that ended.
	w.killDump(t)

	panels := loadDashboard(t)
	binarytest.Await(t, "what the dashboard shows", func() string {
		return strings.Join(missing(panels, w.scrape(t)), "\n")
	})
}

// newClient keeps no connection open, and so no goroutine.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

// register opens an account at the shop, as a program does.
func (w *world) register(t *testing.T, name, email string) {
	t.Helper()
	body := fmt.Sprintf(`{"name": %q, "email": %q, "password": "a long enough pass phrase"}`, name, email)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.shop+"/api/customers", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := newClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("register %s: %s: %s", email, answer.Status, text)
	}
}

// killDump ends the reader's connection on the server, as an operator would.
func (w *world) killDump(t *testing.T) {
	t.Helper()
	db := mysqltest.DB(t, w.mysql, "shop")
	var id int64
	const dump = "SELECT id FROM information_schema.processlist WHERE user = 'telltale' AND command LIKE 'Binlog Dump%'"
	if err := db.QueryRowContext(t.Context(), dump).Scan(&id); err != nil {
		t.Fatalf("find the reader's connection: %v", err)
	}
	if _, err := db.ExecContext(t.Context(), fmt.Sprintf("KILL %d", id)); err != nil {
		t.Fatalf("end the reader's connection: %v", err)
	}
}

// A line of Prometheus' text format, and a label in it.
var (
	sample = regexp.MustCompile(`(?m)^(telltale_\w+)(?:\{(.*)\})? \S+$`)
	label  = regexp.MustCompile(`(\w+)="`)
)

// scrape returns the metrics of all stages by name, each with its labels.
func (w *world) scrape(t *testing.T) map[string][]string {
	t.Helper()
	seen := make(map[string]map[string]bool)
	for _, addr := range w.ops {
		for _, m := range sample.FindAllStringSubmatch(get(t, "http://"+addr+"/metrics"), -1) {
			if seen[m[1]] == nil {
				seen[m[1]] = make(map[string]bool)
			}
			for _, l := range label.FindAllStringSubmatch(m[2], -1) {
				seen[m[1]][l[1]] = true
			}
		}
	}
	out := make(map[string][]string)
	for name, labels := range seen {
		out[name] = slices.Collect(maps.Keys(labels))
	}
	return out
}

// get returns what a URL answers, which is nothing while nobody listens there.
func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := newClient().Do(r)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return string(text)
}
