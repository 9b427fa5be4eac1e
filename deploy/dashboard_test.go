package deploy_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// panel is what the tests read of a panel of the dashboard.
type panel struct {
	ID         int    `json:"id"`
	Type       string `json:"type"`
	Title      string `json:"title"`
	Datasource struct {
		UID string `json:"uid"`
	} `json:"datasource"`
	GridPos struct{ H, W, X, Y int } `json:"gridPos"`
	Targets []query                  `json:"targets"`
}

type query struct {
	Expr   string `json:"expr"`
	Legend string `json:"legendFormat"`
}

// What an expression names.
var (
	ownMetric = regexp.MustCompile(`\btelltale_[a-z0-9_]+\b`)
	byLabels  = regexp.MustCompile(`\bby \(([^)]*)\)`)
	matchers  = regexp.MustCompile(`(\w+)=~?"([^"]*)"`)
	legends   = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

// metrics are the metrics of ours that an expression names.
func (q query) metrics() []string { return ownMetric.FindAllString(q.Expr, -1) }

// labels are those that an expression and its legend name.
func (q query) labels() []string {
	var out []string
	for _, m := range byLabels.FindAllStringSubmatch(q.Expr, -1) {
		for label := range strings.SplitSeq(m[1], ",") {
			out = append(out, strings.TrimSpace(label))
		}
	}
	for _, m := range matchers.FindAllStringSubmatch(q.Expr, -1) {
		out = append(out, m[1])
	}
	for _, m := range legends.FindAllStringSubmatch(q.Legend, -1) {
		out = append(out, m[1])
	}
	return out
}

// loadDashboard returns the panels that show something.
func loadDashboard(t *testing.T) []panel {
	t.Helper()
	text, err := os.ReadFile("grafana/dashboards/telltale.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []panel `json:"panels"`
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	panels := slices.DeleteFunc(d.Panels, func(p panel) bool { return p.Type == "row" })
	if len(panels) == 0 {
		t.Fatal("the dashboard shows nothing")
	}
	return panels
}

func TestDashboardIsProvisioned(t *testing.T) {
	t.Parallel()
	var sources struct {
		Datasources []struct {
			UID string `yaml:"uid"`
			URL string `yaml:"url"`
		} `yaml:"datasources"`
	}
	loadYAML(t, "grafana/provisioning/datasources/prometheus.yaml", &sources)
	if len(sources.Datasources) != 1 || sources.Datasources[0].URL != "http://prometheus:9090" {
		t.Fatalf("got %+v, want the service prometheus alone", sources)
	}
	for _, p := range loadDashboard(t) {
		if p.Datasource.UID != sources.Datasources[0].UID {
			t.Errorf("panel %q asks %q, which is not provisioned", p.Title, p.Datasource.UID)
		}
	}
	var providers struct {
		Providers []struct {
			Options struct {
				Path string `yaml:"path"`
			} `yaml:"options"`
		} `yaml:"providers"`
	}
	loadYAML(t, "grafana/provisioning/dashboards/telltale.yaml", &providers)
	mounted := make(map[string]string)
	for _, v := range loadProject(t).Services["grafana"].Volumes {
		mounted[v.Target] = v.Source
	}
	for _, p := range providers.Providers {
		if !strings.HasSuffix(mounted[p.Options.Path], "/deploy/grafana/dashboards") {
			t.Errorf("dashboards are looked for in %s, where %q is mounted", p.Options.Path, mounted[p.Options.Path])
		}
	}
}

func TestDashboardPanels(t *testing.T) {
	t.Parallel()
	jobs := slices.Collect(maps.Keys(scrapeJobs(t)))
	taken := make(map[[2]int]string)
	for _, p := range loadDashboard(t) {
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				cell := [2]int{x, y}
				if other, ok := taken[cell]; ok || x >= 24 {
					t.Fatalf("panel %q covers %q, or leaves the grid, at %v", p.Title, other, cell)
				}
				taken[cell] = p.Title
			}
		}
		if len(p.Targets) == 0 {
			t.Errorf("panel %q asks nothing", p.Title)
		}
		for _, q := range p.Targets {
			for _, m := range matchers.FindAllStringSubmatch(q.Expr, -1) {
				if m[1] == "job" && !slices.Contains(jobs, m[2]) {
					t.Errorf("panel %q asks for the job %q; there are %q", p.Title, m[2], jobs)
				}
			}
		}
	}
}

// given are the labels that Prometheus gives each target, see prometheus.yml.
var given = []string{"job", "instance", "stage"}

// missing are what the dashboard names and the stages do not expose: metrics, and
// labels of metrics, which seen holds by name.
func missing(panels []panel, seen map[string][]string) []string {
	var out []string
	for _, p := range panels {
		for _, q := range p.Targets {
			for _, name := range q.metrics() {
				labels, ok := seen[name]
				if !ok {
					out = append(out, p.Title+": metric "+name)
					continue
				}
				for _, label := range q.labels() {
					if !slices.Contains(labels, label) && !slices.Contains(given, label) {
						out = append(out, p.Title+": label "+label+" of "+name)
					}
				}
			}
		}
	}
	return out
}

func TestMissing(t *testing.T) {
	t.Parallel()
	panels := []panel{{Title: "P", Targets: []query{
		{`sum by (type, le) (rate(telltale_a_bucket{outcome="sent",job="telltale"}[1m]))`, "{{kind}} {{stage}}"},
		{`telltale_b_total`, ""},
	}}}
	got := missing(panels, map[string][]string{"telltale_a_bucket": {"le", "type"}})
	want := []string{
		"P: label outcome of telltale_a_bucket", "P: label kind of telltale_a_bucket", "P: metric telltale_b_total",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
