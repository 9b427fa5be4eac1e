package demo

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/internal/demo/feed"
	"telltale/internal/dirlock"
	"telltale/internal/ops"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func TestSupervisedStage(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	untilCancelled := func(ctx context.Context) error { <-ctx.Done(); return nil }
	tests := []struct {
		name         string
		run          func(context.Context) error
		failed, stop string // Parts of the errors; empty: none.
	}{
		{"stops when asked", untilCancelled, "", ""},
		{"fails", func(context.Context) error { return broken }, "stage: broken", "stage: broken"},
		{"ends by itself", func(context.Context) error { return nil }, "ended by itself", "ended by itself"},
		{"fails to stop well", func(ctx context.Context) error { <-ctx.Done(); return broken }, "stage: broken", "stage: broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			failures := make(chan error, 1)
			v := supervise(t.Context(), Stage{Name: "stage", Run: tt.run, Health: ops.NewHealth()}, func(err error) { failures <- err })
			if tt.failed != "" && !strings.Contains(tt.name, "stop") {
				if err := <-failures; !strings.Contains(err.Error(), tt.failed) {
					t.Errorf("failure: got %v, want %q", err, tt.failed)
				}
			}
			err := v.stop(5 * time.Second)
			if tt.stop == "" && err != nil || tt.stop != "" && (err == nil || !strings.Contains(err.Error(), tt.stop)) {
				t.Errorf("stop: got %v, want %q", err, tt.stop)
			}
		})
	}
}

func TestStageThatDoesNotStopIsNamed(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	v := supervise(t.Context(), Stage{
		Name: "stage", Health: ops.NewHealth(),
		Run: func(context.Context) error { <-release; return nil },
	}, func(error) {})
	if err := v.stop(time.Millisecond); err == nil || !strings.Contains(err.Error(), "stage: it did not stop within 1ms") {
		t.Errorf("got error %v", err)
	}
	close(release)
	<-v.done
}

func TestAwaitedStage(t *testing.T) {
	t.Parallel()
	health := ops.NewHealth()
	cleared := make(chan struct{})
	v := supervise(t.Context(), Stage{
		Name: "reader", Health: health, Await: true,
		Run: func(ctx context.Context) error {
			<-cleared
			health.Set("reader", nil)
			<-ctx.Done()
			return nil
		},
	}, func(error) {})
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := v.await(short); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "starting") {
		t.Errorf("before it works: got error %v, want a deadline and the reason", err)
	}
	close(cleared)
	if err := v.await(t.Context()); err != nil {
		t.Errorf("when it works: got error %v", err)
	}
	if err := v.stop(5 * time.Second); err != nil {
		t.Error(err)
	}
}

func TestBoardShowsStates(t *testing.T) {
	t.Parallel()
	log := feed.NewLog(feed.LogOptions{})
	b := &board{log: log}
	b.set("binlog", starting, "")
	b.follow("binlog", map[string]string{"mysql": "refused", "binlog": "retrying"})
	b.set("mailer", failed, "broken")
	b.follow("mailer", nil) // What failed stays so.
	b.end("mailer: broken")
	items, _ := log.Since(0)
	got := items[len(items)-1].Data.(feed.Status)
	want := []feed.Part{{Name: "binlog", State: waiting, Reason: "binlog: retrying; mysql: refused"}, {Name: "mailer", State: failed, Reason: "broken"}}
	if len(got.Parts) != 2 || got.Parts[0] != want[0] || got.Parts[1] != want[1] || got.Ended != "mailer: broken" {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
