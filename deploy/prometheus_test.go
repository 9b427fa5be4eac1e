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
	Name    string `yaml:"job_name"`
	Statics []struct {
		Targets []string `yaml:"targets"`
	} `yaml:"static_configs"`
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
