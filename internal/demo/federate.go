package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"telltale/internal/ops"
)

// stageLabel tells the metrics of the stages apart.
const stageLabel = "stage"

// opsHandler serves the demo's own metrics and those of all stages that run, and
// the health of all.
func (d *demo) opsHandler() http.Handler {
	all := prometheus.Gatherers{d.registry}
	for _, s := range d.stages {
		all = append(all, prometheus.GathererFunc(s.gather))
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(all, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, Registry: d.registry}))
	mux.Handle("/", ops.Handler(d.registry, d.health))
	return mux
}

// gather reads the metrics that the stage serves, each with the stage's name. A
// stage that does not run has none.
func (s *stage) gather() ([]*dto.MetricFamily, error) {
	s.mu.Lock()
	addr := s.addr
	s.mu.Unlock()
	if addr == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	families, err := scrape(ctx, "http://"+addr+"/metrics")
	if err != nil {
		return nil, fmt.Errorf("read the metrics of %s: %w", s.Name, err)
	}
	label, name := stageLabel, s.Name
	var list []*dto.MetricFamily
	for _, family := range families {
		for _, m := range family.Metric {
			m.Label = append(m.Label, &dto.LabelPair{Name: &label, Value: &name})
		}
		list = append(list, family)
	}
	return list, nil
}

func scrape(ctx context.Context, url string) (_ map[string]*dto.MetricFamily, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, resp.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(resp.Body)
}
