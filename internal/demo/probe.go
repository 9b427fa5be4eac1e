package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// probe asks a stage's health.
type probe struct {
	client *http.Client
	url    string
}

func newProbe(addr string) *probe {
	return &probe{
		client: &http.Client{Transport: &http.Transport{}, Timeout: 2 * time.Second},
		url:    "http://" + addr + "/readyz",
	}
}

// ask returns why the stage is not ready; no reasons say that it is. An error
// says that it does not answer.
func (p *probe) ask(ctx context.Context) (map[string]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil, nil
	}
	var reasons map[string]string
	if err := json.NewDecoder(resp.Body).Decode(&reasons); err != nil {
		return nil, fmt.Errorf("read %s, status %d: %w", p.url, resp.StatusCode, err)
	}
	return reasons, nil
}

func (p *probe) close() { p.client.CloseIdleConnections() }
