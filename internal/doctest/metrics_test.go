package doctest

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

var makesMetric = regexp.MustCompile(`\bprometheus\.New(Counter|Gauge|Histogram|Summary|Desc|Untyped)`)

// TestMetricSections: each package that makes metrics has a section and a test
// that compares it, and each section is a package's.
func TestMetricSections(t *testing.T) {
	t.Parallel()
	makes, compares := make(map[string]bool), make(map[string]bool)
	for file, text := range sources(t) {
		folder := path.Dir(file)
		switch test := strings.HasSuffix(file, "_test.go"); {
		case folder == "internal/doctest":
		case !test && makesMetric.MatchString(text):
			makes[folder] = true
		case test && strings.Contains(text, `doctest.Metrics(t, "`+folder+`"`):
			compares[folder] = true
		}
	}
	want := slices.Sorted(maps.Keys(makes))
	if got := slices.Sorted(maps.Keys(metricRows(t))); !slices.Equal(got, want) {
		t.Errorf("docs/metrics.md has the sections %q, want %q", got, want)
	}
	if got := slices.Sorted(maps.Keys(compares)); !slices.Equal(got, want) {
		t.Errorf("the packages %q compare their metrics with docs/metrics.md, want %q", got, want)
	}
}

// TestMetricRows: each row says everything, in the terms of Prometheus.
func TestMetricRows(t *testing.T) {
	t.Parallel()
	for section, rows := range metricRows(t) {
		for _, r := range rows {
			if r.unit == "" || r.meaning == "" || r.remedy == "" {
				t.Errorf("%s: %s has an empty cell", section, r.name)
			}
			if !slices.Contains([]string{"counter", "gauge", "histogram"}, r.kind) {
				t.Errorf("%s: %s is a %q", section, r.name, r.kind)
			}
			if got, want := r.kind == "counter", strings.HasSuffix(r.name, "_total"); got != want {
				t.Errorf("%s: %s is a %s", section, r.name, r.kind)
			}
			if strings.HasSuffix(r.name, "_seconds") && r.unit != "seconds" {
				t.Errorf("%s: %s has the unit %q", section, r.name, r.unit)
			}
		}
	}
}

// TestRecorder holds the reading of descriptions against metrics of each kind,
// behind labels that a wrapper adds too.
func TestRecorder(t *testing.T) {
	t.Parallel()
	var seen recorder
	r := prometheus.WrapRegistererWith(prometheus.Labels{"consumer": "c"}, &seen)
	r.MustRegister(
		prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "b", Help: `"quoted", {b}`}, []string{"topic", "partition"}),
		prometheus.NewCounter(prometheus.CounterOpts{Name: "a", Help: "h"}),
	)
	got, want := seen.metrics(t), []string{"a[consumer]", "b[consumer partition topic]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// sources are the texts of all Go files of the repository by their path in it.
func sources(t *testing.T) map[string]string {
	t.Helper()
	tree, out := os.DirFS(root(t)), make(map[string]string)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
