package demo

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"telltale/internal/demo/feed"
	"telltale/internal/dirlock"
)

// TestMain lets this binary play a stage for the tests of its supervisor.
func TestMain(m *testing.M) {
	if os.Getenv(actEnv) != "" {
		act(os.Getenv(actEnv), os.Getenv(addrEnv))
	}
	goleak.VerifyTestMain(m)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestDataDirIsOnlyTheDemos(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(t *testing.T, dir string)
		fresh   bool
		refused bool
		kept    bool // Whether a file "data" in it is still there.
	}{
		{name: "missing"},
		{name: "empty", prepare: func(t *testing.T, dir string) {
			if err := os.Mkdir(dir, 0o750); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a demo's", prepare: prepareDemo, kept: true},
		{name: "a demo's, wiped", prepare: prepareDemo, fresh: true},
		{name: "somebody's", prepare: prepareOther, refused: true, kept: true},
		{name: "somebody's, not wiped", prepare: prepareOther, fresh: true, refused: true, kept: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			if tt.prepare != nil {
				tt.prepare(t, dir)
			}
			d, err := openDataDir(t.Context(), dir, tt.fresh)
			if (err != nil) != tt.refused {
				t.Fatalf("got error %v, want one: %t", err, tt.refused)
			}
			if err == nil {
				defer d.close()
				if !exists(d.file(markerFile)) {
					t.Error("the directory is not marked")
				}
			}
			if got := exists(filepath.Join(dir, "data")); got != tt.kept {
				t.Errorf("the data is there: %t, want %t", got, tt.kept)
			}
		})
	}
}

func prepareOther(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "data"), "precious")
}

func prepareDemo(t *testing.T, dir string) {
	t.Helper()
	prepareOther(t, dir)
	write(t, filepath.Join(dir, markerFile), markerText)
}

func TestDataDirIsForOneDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := openDataDir(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	write(t, first.file("data"), "in use")
	_, err = openDataDir(t.Context(), dir, true)
	if !errors.Is(err, dirlock.ErrHeld) || !strings.Contains(err.Error(), "another demo uses") {
		t.Errorf("second demo: got error %v, want dirlock.ErrHeld", err)
	}
	if !exists(first.file("data")) {
		t.Error("the second demo wiped the directory of the first")
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
}

func TestTakenPortsAreSteppedOver(t *testing.T) {
	t.Parallel()
	first, err := listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	taken := first.Addr().(*net.TCPAddr).Port
	second, err := listen(taken)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if got := second.Addr().(*net.TCPAddr).Port; got <= taken || got >= taken+portSteps {
		t.Errorf("got port %d, want one of the %d after %d", got, portSteps, taken)
	}
}

func TestMailboxSurvivesARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mails.jsonl")
	box, old, err := openMailbox(path)
	if err != nil || len(old) != 0 {
		t.Fatalf("got %d mails and error %v from a new mailbox", len(old), err)
	}
	for range keptMails {
		box.add(feed.Mail{Subject: "older"})
	}
	box.add(feed.Mail{Subject: "line\nbreak", To: []string{"bob@example.com"}, Event: "g:1/x"})
	if err := box.close(); err != nil {
		t.Fatal(err)
	}
	torn, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := torn.WriteString(`{"id":3,"subj`); err != nil {
		t.Fatal(err)
	}
	if err := torn.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // The second time without what was torn.
		box, old, err = openMailbox(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := box.close(); err != nil {
			t.Fatal(err)
		}
		if len(old) != keptMails || old[keptMails-1].Subject != "line\nbreak" || old[keptMails-1].Event != "g:1/x" {
			t.Errorf("got %d mails, the last %+v; want the newest %d", len(old), old[len(old)-1], keptMails)
		}
	}
}

func TestBoardShowsStates(t *testing.T) {
	t.Parallel()
	log := feed.NewLog(feed.LogOptions{})
	b := &board{log: log}
	shown := func() feed.Status {
		items, _ := log.Since(0)
		return items[len(items)-1].Data.(feed.Status)
	}
	b.add("binlog", feed.PartStage, starting)
	b.add("mailer", feed.PartStage, starting)
	began := shown().Parts[0].Since
	b.set("binlog", starting, "mysql: refused")
	if got := shown().Parts[0]; got.Reason != "mysql: refused" || got.Since != began {
		t.Errorf("another reason: got %+v, want the state of %s", got, began)
	}
	b.update("binlog", func(p *feed.Part) { p.State, p.Reason, p.Restarts = running, "", 1 })
	if got := shown().Parts[0]; got.State != running || got.Restarts != 1 || !got.Since.After(began) {
		t.Errorf("another state: got %+v, want one that began after %s", got, began)
	}
	_, more := log.Since(0)
	b.set("binlog", running, "")
	if closed(more) {
		t.Error("the page is told what it knows")
	}
	b.end("it was stopped")
	if got := shown(); len(got.Parts) != 2 || got.Ended != "it was stopped" {
		t.Errorf("the end: got %+v", got)
	}
}

func TestCountGTIDs(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]int64{
		"": 0,
		"b4c13007-e5c8-11f1-9c3d-02fc00000001:34":                                                          1,
		"b4c13007-e5c8-11f1-9c3d-02fc00000001:1-5:7":                                                       6,
		"12345678-1234-1234-1234-123456789012:2-3":                                                         2,
		"b4c13007-e5c8-11f1-9c3d-02fc00000001:1-2:tag:1-3:9,\n" + "c4c13007-e5c8-11f1-9c3d-02fc00000001:5": 7,
	} {
		if got := countGTIDs(set); got != want {
			t.Errorf("%q: got %d, want %d", set, got, want)
		}
	}
}

func TestCountMariaDB(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		executed, published string
		want                int64
	}{
		{"", "", 0},
		{"0-1-5", "", 5},
		{"0-1-5", "0-1-5", 0},
		{"0-2-9,7-1-3", "0-1-4", 8},
		{"0-1-4", "0-1-5", 0}, // The position was read after the server.
	} {
		if got := countMariaDB(tt.executed, tt.published); got != tt.want {
			t.Errorf("%q without %q: got %d, want %d", tt.executed, tt.published, got, tt.want)
		}
	}
}

// Somebody else takes the port between its choice and the server's start.
func TestPortThatIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	d := &demo{Options: Options{Stdout: t.Output()}}
	for failures, want := range map[int]error{0: nil, portAttempts - 1: nil, portAttempts: syscall.EADDRINUSE} {
		starts := 0
		err := d.onPort("server", 0, func(int) error {
			if starts++; starts <= failures {
				return fmt.Errorf("listen: %w", syscall.EADDRINUSE)
			}
			return nil
		})
		if !errors.Is(err, want) || starts != min(failures+1, portAttempts) {
			t.Errorf("taken %d times: got error %v after %d starts, want %v", failures, err, starts, want)
		}
	}
}
