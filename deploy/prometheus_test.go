package deploy_test

import (
	"os"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
)

// scrapeConfig is what the tests read of prometheus.yml.
type scrapeConfig struct {
	Jobs []scrapeJob `yaml:"scrape_configs"`
}

type scrapeJob struct {
	Name    string              `yaml:"job_name"`
	Params  map[string][]string `yaml:"params"`
	Statics []struct {
		Targets []string `yaml:"targets"`
	} `yaml:"static_configs"`
	Relabel []struct {
		Label       string `yaml:"target_label"`
		Replacement string `yaml:"replacement"`
	} `yaml:"relabel_configs"`
}

// relabelled are the labels that a job gives its targets, with their values.
func (j scrapeJob) relabelled() map[string]string {
	out := make(map[string]string)
	for _, r := range j.Relabel {
		out[r.Label] = r.Replacement
	}
	return out
}

func loadYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// scrapeJobs are the jobs of prometheus.yml by name.
func scrapeJobs(t *testing.T) map[string]scrapeJob {
	t.Helper()
	var c scrapeConfig
	loadYAML(t, "prometheus/prometheus.yml", &c)
	out := make(map[string]scrapeJob)
	for _, j := range c.Jobs {
		out[j.Name] = j
	}
	if len(out) == 0 {
		t.Fatal("prometheus.yml scrapes nothing")
	}
	return out
}

func TestPrometheusAsksEachStage(t *testing.T) {
	t.Parallel()
	var want []string
	for _, s := range stages(t, loadProject(t)) {
		want = append(want, s.Name+":"+port(t, "ops.listen", configuration(t, s).Ops.Listen))
	}
	slices.Sort(want)
	for name, job := range scrapeJobs(t) {
		var got []string
		for _, s := range job.Statics {
			got = append(got, s.Targets...)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("job %s asks %q, want %q", name, got, want)
		}
	}
}

// TestReadinessIsProbed follows the way from Prometheus to the exporter that asks
// for it.
func TestReadinessIsProbed(t *testing.T) {
	t.Parallel()
	job, ok := scrapeJobs(t)["telltale-ready"]
	if !ok {
		t.Fatal("no job telltale-ready")
	}
	labels := job.relabelled()
	if got, want := labels["__param_target"], "http://$1/readyz"; got != want {
		t.Errorf("probes %q, want %q", got, want)
	}
	if got, want := labels["__address__"], "blackbox:9115"; got != want {
		t.Errorf("asks %q, want %q", got, want)
	}
	if _, ok := loadProject(t).Services["blackbox"]; !ok {
		t.Error("no service blackbox")
	}
	var exporter struct {
		Modules map[string]struct {
			Prober string `yaml:"prober"`
		} `yaml:"modules"`
	}
	loadYAML(t, "prometheus/blackbox.yml", &exporter)
	for _, m := range job.Params["module"] {
		if exporter.Modules[m].Prober != "http" {
			t.Errorf("blackbox.yml has no module %q that speaks HTTP", m)
		}
	}
}
