// Package doctest holds docs/metrics.md and docs/errors.md against the code, so
// that an operator can rely on what they say.
package doctest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics compares the metrics that register registers, and their labels, with
// those in the section of docs/metrics.md that has the name of their package's
// folder.
func Metrics(tb testing.TB, folder string, register func(prometheus.Registerer)) {
	tb.Helper()
	var seen recorder
	register(&seen)
	got := seen.metrics(tb)
	if len(got) == 0 {
		tb.Fatalf("no metric of %s was registered", folder)
	}
	var want []string
	for _, r := range metricRows(tb)[folder] {
		want = append(want, r.name+r.labels)
	}
	slices.Sort(want)
	for _, line := range without(got, want) {
		tb.Errorf("docs/metrics.md, section %s, lacks %s", folder, line)
	}
	for _, line := range without(want, got) {
		tb.Errorf("docs/metrics.md, section %s, has %s, which is not registered", folder, line)
	}
}

// recorder is a prometheus.Registerer that keeps what it is given.
type recorder struct{ collectors []prometheus.Collector }

// Register implements prometheus.Registerer.
func (r *recorder) Register(c prometheus.Collector) error {
	r.collectors = append(r.collectors, c)
	return nil
}

// MustRegister implements prometheus.Registerer.
func (r *recorder) MustRegister(cs ...prometheus.Collector) {
	r.collectors = append(r.collectors, cs...)
}

// Unregister implements prometheus.Registerer.
func (r *recorder) Unregister(prometheus.Collector) bool { return true }

// description is what a Desc says of itself; it has no other way to tell its
// labels.
var (
	description = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", help: ".*", constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)
	labelValue  = regexp.MustCompile(`="[^"]*"`)
)

// metrics are the names with their labels in braces, in order.
func (r *recorder) metrics(tb testing.TB) []string {
	tb.Helper()
	var out []string
	for _, c := range r.collectors {
		descs := make(chan *prometheus.Desc)
		go func() {
			defer close(descs)
			c.Describe(descs)
		}()
		for d := range descs {
			m := description.FindStringSubmatch(d.String())
			if m == nil {
				tb.Errorf("description of a metric that cannot be read: %s", d)
				continue
			}
			out = append(out, m[1]+labelSet(labelValue.ReplaceAllString(m[2], "")+","+m[3]))
		}
	}
	slices.Sort(out)
	return out
}

// labelSet brings labels with commas between them into one form.
func labelSet(list string) string {
	labels := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '`' })
	slices.Sort(labels)
	return fmt.Sprint(labels)
}

// without are the lines of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
}

// metricRow is a line of a table in docs/metrics.md.
type metricRow struct{ name, kind, labels, unit, meaning, remedy string }

// metricRows are the rows of docs/metrics.md by the section that they stand in.
func metricRows(tb testing.TB) map[string][]metricRow {
	tb.Helper()
	out, section := make(map[string][]metricRow), ""
	for line := range strings.Lines(read(tb, "docs/metrics.md")) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title
		}
		if !strings.HasPrefix(line, "| `telltale_") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 6 {
			tb.Fatalf("docs/metrics.md: %d cells, want 6, in %s", len(cells), line)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		out[section] = append(out[section], metricRow{
			name: strings.Trim(cells[0], "`"), kind: cells[1], labels: labelSet(cells[2]),
			unit: cells[3], meaning: cells[4], remedy: cells[5],
		})
	}
	return out
}

// read returns a file of the repository.
func read(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(root(tb), name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// root is the folder that holds go.mod.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("no go.mod above the working directory")
		}
		dir = up
	}
}
