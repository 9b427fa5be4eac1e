package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telltale/crudapp/mysql"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/load"
)

func TestLoadUsage(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                                "want one of --api, --dsn and --dsn-file",
		"--dsn x --api http://y":          "want one of --api, --dsn and --dsn-file",
		"--dsn x --rate 0":                "--rate 0 is not above 0",
		"--dsn x --rate NaN":              "--rate NaN is not above 0, and at most 1000000",
		"--dsn x --rate Inf":              "--rate +Inf is not above 0, and at most 1000000",
		"--dsn x --burst 10":              "--burst 10 is not from 1 to 9",
		"--dsn x --burst NaN":             "--burst NaN is not from 1 to 9",
		"--dsn x --seconds -1":            "--seconds -1 is below 0",
		"--dsn x --workers 0":             "--workers 0 is below 1",
		"--dsn x --customers 0":           "--customers 0 is below 1",
		"--dsn x --mix renam=1":           `unknown deed "renam"; did you mean rename?`,
		"--api http://y --mix rollback=1": `unknown deed "rollback"; known: browse, register`,
		"--api http://y --mix ship=1":     "only staff can ship; name a member of theirs by --staff-email",
		"--api http://y --staff-email m":  "want both of --staff-email and --staff-password-file",
		"--dsn x --staff-email m --staff-password-file f": "--staff-email is for --api alone",
	} {
		got := runCommand(t.Context(), nil, append([]string{"load"}, strings.Fields(args)...)...)
		if got.status != exitUsage || !strings.Contains(got.stderr, want) || got.stdout != "" {
			t.Errorf("load %s: got %+v, want a usage error with %q", args, got, want)
		}
	}
	list := runCommand(t.Context(), nil, "load", "--list")
	if list.status != exitOK || !strings.Contains(list.stdout, "\nbrowse ") || !strings.Contains(list.stdout, "\nddl ") {
		t.Errorf("load --list: got %+v", list)
	}
}

// TestLoadAsStaff has a shop turn the member of staff away whom the flags name.
func TestLoadAsStaff(t *testing.T) {
	t.Parallel()
	shop := http.NewServeMux()
	shop.HandleFunc("GET /api/products", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"products": [{"id": 1, "currency": "GBP"}]}`)
	})
	asked := make(chan string, 1)
	shop.HandleFunc("POST /api/staff/session", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- string(body)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"code": "unauthenticated"}`)
	})
	server := httptest.NewServer(shop)
	defer server.Close()
	args := []string{"load", "--api", server.URL, "--seconds", "1", "--staff-email", "mary@example.com", "--staff-password-file"}

	got := runCommand(t.Context(), nil, append(args, writeFile(t, "password", "stollen\nnever sent\n"))...)
	if got.status != exitFailure || !strings.Contains(got.stderr, "sign mary@example.com in as staff: the shop answers 401 (unauthenticated)") {
		t.Errorf("got %+v, want the shop's refusal", got)
	}
	if body := <-asked; body != `{"email":"mary@example.com","password":"stollen"}` {
		t.Errorf("the shop was sent %s", body)
	}
	got = runCommand(t.Context(), nil, append(args, filepath.Join(t.TempDir(), "nowhere"))...)
	if got.status != exitFailure || !strings.Contains(got.stderr, "read the password") {
		t.Errorf("without the file: got %+v", got)
	}
}

// TestLoad runs a short load and one that is interrupted, and holds both records
// against the tables.
func TestLoad(t *testing.T) {
	t.Parallel()
	server := mysqltest.Start(t)
	dsn := writeFile(t, "dsn", server.DSN("shop")+"\n")
	args := []string{"load", "--dsn-file", dsn, "--rate", "100", "--workers", "2", "--seed", "7"}

	mysqltest.DB(t, server, "shop") // Which makes it.
	got := runCommand(t.Context(), nil, args...)
	if got.status != exitFailure || !strings.Contains(got.stderr, "telltale crudapp migrate") {
		t.Errorf("without tables: got %+v", got)
	}
	store, err := mysql.Open(t.Context(), server.DSN("shop"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}

	short, endless := filepath.Join(t.TempDir(), "short.jsonl"), filepath.Join(t.TempDir(), "endless.jsonl")
	got = runCommand(t.Context(), nil, append(args, "--seconds", "2", "--record", short)...)
	if got.status != exitOK || !strings.Contains(got.stderr, "seed 7") {
		t.Fatalf("got %+v", got)
	}
	for _, want := range []string{"committed", "p99.9", "rename", "all"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("the summary lacks %q:\n%s", want, got.stdout)
		}
	}
	if got = runCommand(t.Context(), nil, append(args, "--record", short)...); got.status != exitFailure || !strings.Contains(got.stderr, "file exists") {
		t.Errorf("with a record that is there: got %+v", got)
	}

	ctx, stop := context.WithCancel(t.Context())
	done := make(chan result, 1)
	go func() { done <- runCommand(ctx, nil, append(args, "--seconds", "0", "--record", endless)...) }()
	eventually(t, "something is committed by the schedule", func() (bool, string) {
		text, _ := os.ReadFile(endless)
		return strings.Contains(string(text), `"deed":"rename"`), string(text)
	})
	stop()
	if got = <-done; got.status != exitOK || !strings.Contains(got.stdout, "p99.9") {
		t.Errorf("interrupted: got %+v", got)
	}
	for _, name := range []string{short, endless} {
		record, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer record.Close()
		final, err := load.ReadFinal(record)
		if err == nil {
			err = final.Verify(t.Context(), mysqltest.DB(t, server, "shop"))
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
	}
}
