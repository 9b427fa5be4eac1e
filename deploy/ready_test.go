package deploy_test

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/ops"
)

// ready runs the health check of a container whose stage listens on addr.
func ready(ctx context.Context, addr string) (output string, err error) {
	cmd := exec.CommandContext(ctx, "bash", "ready.sh")
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	if addr != "" {
		cmd.Env = append(cmd.Env, "TELLTALE_OPS_LISTEN="+addr)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestReady(t *testing.T) {
	t.Parallel()
	health := ops.NewHealth()
	server := httptest.NewServer(ops.Handler(prometheus.NewRegistry(), health))
	t.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	_, onlyPort, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	dead := httptest.NewServer(nil)
	gone := dead.Listener.Addr().String()
	dead.Close()

	steps := []struct {
		name, addr string
		health     error
		ready      bool
		says       string
	}{
		{"ready", addr, nil, true, "ok"},
		{"listening on every interface", ":" + onlyPort, nil, true, "ok"},
		{"not ready", addr, errors.New("no broker answers"), false, "no broker answers"},
		{"ready again", addr, nil, true, "ok"},
		{"nothing listens", gone, nil, false, "Connection refused"},
		{"no address", "", nil, false, "TELLTALE_OPS_LISTEN"},
	}
	for _, s := range steps { // One after the other: they share the health.
		health.Set("kafka", s.health)
		output, err := ready(t.Context(), s.addr)
		if (err == nil) != s.ready || !strings.Contains(output, s.says) {
			t.Errorf("%s: got %v and %q, want ready %v and %q", s.name, err, output, s.ready, s.says)
		}
	}
}
