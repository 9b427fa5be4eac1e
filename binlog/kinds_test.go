package binlog

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Every event type that the library knows of has a kind, under the same name.
func TestKindsAreTheLibrarys(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, k := range kinds {
		known[k.name] = true
	}
	names := eventTypes(t)
	for _, name := range names {
		if !known[name] {
			t.Errorf("%s has no kind", name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("the library does not know of %s", name)
	}
	if len(names) < 50 {
		t.Errorf("found %d types in the library: %v", len(names), names)
	}
}

// eventTypes reads the names of the library's constants of type EventType.
func eventTypes(t *testing.T) []string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", "github.com/go-mysql-org/go-mysql/replication").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "const.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		var typ string // Of the first constant of the group; the rest have none of their own.
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); ok {
				typ = id.Name
			}
			if typ == "EventType" {
				names = append(names, v.Names[0].Name)
			}
		}
	}
	return names
}

// DESIGN.md's table has each kind in one row, with its outcome and with tests
// that are there.
func TestDesignListsTheKinds(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Events\n")
	table, _, _ = strings.Cut(table, "\n## ")
	tests := testNames(t)
	inCode := regexp.MustCompile("`([^`]+)`")
	listed := map[string]outcome{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || !strings.HasPrefix(strings.TrimSpace(cells[3]), "`Test") {
			continue
		}
		for _, name := range inCode.FindAllStringSubmatch(cells[3], -1) {
			if !tests[name[1]] {
				t.Errorf("there is no test %s", name[1])
			}
		}
		for _, name := range inCode.FindAllStringSubmatch(cells[0], -1) {
			if _, twice := listed[name[1]]; twice {
				t.Errorf("%s is there twice", name[1])
			}
			listed[name[1]] = outcome(strings.TrimSpace(cells[1]))
		}
	}
	for _, k := range kinds {
		if got := listed[k.name]; got != k.outcome {
			t.Errorf("%s: the table says %q, the reader does %q", k.name, got, k.outcome)
		}
	}
}

// testNames are the test functions of this package.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names[fn.Name.Name] = true
			}
		}
	}
	return names
}

// rawEvent is an event of a type as the connection hands it over.
func rawEvent(typ replication.EventType, data []byte) *replication.BinlogEvent {
	h := &replication.EventHeader{EventType: typ, LogPos: 4711, EventSize: uint32(replication.EventHeaderSize + len(data))}
	raw := append(make([]byte, replication.EventHeaderSize), data...)
	return &replication.BinlogEvent{Header: h, RawData: raw, Event: &replication.GenericEvent{Data: data}}
}

// What is skipped on purpose is counted, publishes nothing and moves no
// position; what stops does so by name, whatever its bytes; and so does a type
// that nobody knows (I5).
func TestSkippedAndStopping(t *testing.T) {
	t.Parallel()
	for number := range 256 {
		typ := replication.EventType(number)
		k, known := kinds[typ]
		if known && k.outcome == handled {
			continue
		}
		s := mysqlStory().stream(t)
		err := s.HandleEvent(rawEvent(typ, []byte("some data")))
		outcome := stops
		if known {
			outcome = k.outcome
		}
		if got := testutil.ToFloat64(s.options.metrics.events.of(typ, outcome)); got != 1 {
			t.Errorf("%d %s: counted %v times", typ, k.name, got)
		}
		if known && k.outcome == skipped {
			if err != nil || len(s.cur.records) > 0 || s.moved {
				t.Errorf("%s: got %v, %d records, moved %t", k.name, err, len(s.cur.records), s.moved)
			}
			continue
		}
		want := "unknown type"
		if known {
			want = k.name + ": " + k.why.text
		}
		if stop, ok := errors.AsType[*StopError](err); !ok || !strings.Contains(stop.Error(), want) {
			t.Errorf("%d: got %v, want a StopError with %q in it", typ, err, want)
		}
	}
}

// Every type that is handled stands in a recorded binlog, which other tests
// replay, and is counted there as handled.
func TestHandledKindsAreRecorded(t *testing.T) {
	t.Parallel()
	seen := map[replication.EventType]float64{}
	for _, r := range allRecordings() {
		s := r.stream(t)
		if err := r.replay(t, s); err != nil {
			t.Fatal(err)
		}
		for typ := range kinds {
			seen[typ] += testutil.ToFloat64(s.options.metrics.events.of(typ, handled))
		}
	}
	for typ, k := range kinds {
		if k.outcome == handled && seen[typ] == 0 {
			t.Errorf("%s is in no recording", k.name)
		}
	}
}
