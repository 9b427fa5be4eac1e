package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// drainTimeout is how long requests under way may take when a server stops.
const drainTimeout = 3 * time.Second

// Handler serves GET /metrics (what the registry gathers), /healthz (200 as
// long as the process answers) and /readyz (200 when health has no reasons,
// otherwise 503 with the reasons as a JSON object of part to reason).
func Handler(registry *prometheus.Registry, health *Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeOK(w)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		reasons := health.Reasons()
		if len(reasons) == 0 {
			writeOK(w)
			return
		}
		writeReasons(w, reasons)
	})
	return mux
}

func writeOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// A reader that hung up gets no answer, and there is nobody to tell.
	_, _ = w.Write([]byte("ok\n"))
}

func writeReasons(w http.ResponseWriter, reasons map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(reasons)
}

// Serve answers requests on listener until ctx ends, then lets those under way
// finish for up to three seconds, and returns nil. It closes listener.
func Serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	// The context that ended the work cannot bound its end.
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	err := server.Shutdown(drain)
	<-served
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}
