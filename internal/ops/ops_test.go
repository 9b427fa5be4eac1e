package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"telltale/internal/ops"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestHandler(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	published := prometheus.NewCounter(prometheus.CounterOpts{Name: "telltale_binlog_records_total", Help: "Records."})
	registry.MustRegister(published)
	published.Add(3)

	ready := ops.NewHealth()
	stuck := ops.NewHealth()
	stuck.Set("mysql", errors.New("connect to db:3306: refused"))
	stuck.Set("kafka", errors.New("no broker answers"))
	stuck.Set("kafka", nil)

	tests := []struct {
		name     string
		health   *ops.Health
		path     string
		wantCode int
		wantBody string
	}{
		{"alive", stuck, "/healthz", http.StatusOK, "ok\n"},
		{"ready", ready, "/readyz", http.StatusOK, "ok\n"},
		{"ready without health", nil, "/readyz", http.StatusOK, "ok\n"},
		{"not ready", stuck, "/readyz", http.StatusServiceUnavailable, `{"mysql":"connect to db:3306: refused"}`},
		{"metrics", ready, "/metrics", http.StatusOK, "telltale_binlog_records_total 3\n"},
		{"no profiler", ready, "/debug/pprof/", http.StatusNotFound, "404"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := httptest.NewRecorder()
			ops.Handler(registry, tt.health).ServeHTTP(got, httptest.NewRequest(http.MethodGet, tt.path, nil))
			if got.Code != tt.wantCode {
				t.Errorf("status: got %d, want %d", got.Code, tt.wantCode)
			}
			if !strings.Contains(got.Body.String(), tt.wantBody) {
				t.Errorf("body: got %q, want it to contain %q", got.Body, tt.wantBody)
			}
		})
	}
}

func TestMetricsOfHealth(t *testing.T) {
	t.Parallel()
	health, registry := ops.NewHealth(), prometheus.NewRegistry()
	registry.MustRegister(health)
	steps := []struct {
		part string
		err  error
		want string
	}{
		{"kafka", errors.New("no broker answers"), "telltale_not_ready{part=\"kafka\"} 1\ntelltale_ready 0\n"},
		{"mysql", errors.New("gone"), "telltale_not_ready{part=\"kafka\"} 1\ntelltale_not_ready{part=\"mysql\"} 1\ntelltale_ready 0\n"},
		{"kafka", nil, "telltale_not_ready{part=\"mysql\"} 1\ntelltale_ready 0\n"},
		{"mysql", nil, "telltale_ready 1\n"},
	}
	for i, step := range steps {
		health.Set(step.part, step.err)
		got := httptest.NewRecorder()
		ops.Handler(registry, health).ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if values := samples(got.Body.String()); values != step.want {
			t.Errorf("step %d: got\n%s\nwant\n%s", i, values, step.want)
		}
	}
}

// samples are the lines about health in Prometheus' text, without what explains them.
func samples(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "telltale_") {
			out.WriteString(line)
		}
	}
	return out.String()
}

func TestHealthReasonsAreACopy(t *testing.T) {
	t.Parallel()
	health := ops.NewHealth()
	health.Set("kafka", errors.New("no broker answers"))
	health.Reasons()["mysql"] = "changed by the reader"
	if got := health.Reasons(); len(got) != 1 || got["kafka"] != "no broker answers" {
		t.Errorf("got %v, want only what was set", got)
	}
}

func TestNilHealth(t *testing.T) {
	t.Parallel()
	var health *ops.Health
	health.Set("kafka", errors.New("no broker answers"))
	if got := health.Reasons(); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}

func TestHealthConcurrentUse(t *testing.T) {
	t.Parallel()
	health := ops.NewHealth()
	var wg sync.WaitGroup
	for _, part := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			for range 200 {
				health.Set(part, errors.New("down"))
				_ = health.Reasons()
				health.Set(part, nil)
			}
		})
	}
	wg.Wait()
	if got := health.Reasons(); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}

func TestServeStopsInOrder(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	started, release := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-release
		_ = json.NewEncoder(w).Encode("finished")
	})
	served := make(chan error, 1)
	go func() { served <- ops.Serve(ctx, &http.Server{Handler: handler}, listener) }()

	answer := make(chan string, 1)
	go func() { answer <- get(addr) }()
	<-started
	cancel()
	close(release)
	if got := <-answer; got != "\"finished\"\n" {
		t.Errorf("a request under way: got %q, want its whole answer", got)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: got %v, want nil", err)
	}
}

func get(addr string) string {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + addr)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}
