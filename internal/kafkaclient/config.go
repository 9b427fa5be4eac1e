package kafkaclient

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// Config says which cluster to speak to and how.
type Config struct {
	// Brokers is a comma-separated list of host:port.
	Brokers string
	// Properties are librdkafka settings, each "key=value"; they win over ours.
	Properties []string
	// Logger gets librdkafka's own log lines; nil drops them.
	Logger *slog.Logger
}

// configMap merges, later over earlier: what every client needs, the caller's
// settings, and the operator's properties.
func (c Config) configMap(settings kafka.ConfigMap) (kafka.ConfigMap, error) {
	m := kafka.ConfigMap{
		"bootstrap.servers":                  c.Brokers,
		"client.id":                          "telltale",
		"reconnect.backoff.ms":               100,
		"reconnect.backoff.max.ms":           2000,
		"topic.metadata.refresh.interval.ms": 60_000,
		"allow.auto.create.topics":           false,
	}
	for k, v := range settings {
		m[k] = v
	}
	for i, p := range c.Properties {
		k, v, ok := strings.Cut(p, "=")
		if !ok || k == "" { // What stands there may be a secret.
			return nil, fmt.Errorf("kafka property number %d: want key=value", i+1)
		}
		k, v = strings.TrimSpace(k), strings.TrimSpace(v)
		if err := checkFile(k, v); err != nil {
			return nil, fmt.Errorf("kafka property %s: %w", k, err)
		}
		m[k] = v
	}
	return m, nil
}

// checkFile opens the file that a setting names: what librdkafka says of one
// that it cannot read names neither the file nor the cause.
func checkFile(name, path string) error {
	switch name {
	case "ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.keystore.location":
	default:
		return nil
	}
	if path == "" || name == "ssl.ca.location" && path == "probe" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return file.Close()
}

// logs routes a client's log lines to slog until stop is called, which waits
// for the router.
func (c Config) logs(m kafka.ConfigMap) (stop func()) {
	lines := make(chan kafka.LogEvent, 64)
	m["go.logs.channel.enable"] = true
	m["go.logs.channel"] = lines
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case l := <-lines:
				c.log(l)
			case <-quit:
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

// log writes one line of librdkafka's. Its levels are syslog's: 3 and below
// are errors, 4 warnings. A lost broker is a warning here: the stage that
// cannot go on says so itself.
func (c Config) log(l kafka.LogEvent) {
	if c.Logger == nil {
		return
	}
	level := slog.LevelDebug
	if l.Level <= 4 {
		level = slog.LevelWarn
	}
	c.Logger.Log(context.Background(), level, "kafka client", "client", l.Name, "tag", l.Tag, "message", l.Message)
}

// WithAdmin calls f with an admin client, which is closed when f returns.
func (c Config) WithAdmin(f func(*kafka.AdminClient) error) error {
	m, err := c.configMap(nil)
	if err != nil {
		return err
	}
	stop := c.logs(m)
	defer stop()
	a, err := kafka.NewAdminClient(&m)
	if err != nil {
		return fmt.Errorf("make a kafka admin client for %q: %w", c.Brokers, err)
	}
	defer a.Close()
	return f(a)
}

// millis is the time that ctx leaves, at most limit, for the calls of
// librdkafka that take milliseconds.
func millis(ctx context.Context, limit time.Duration) int {
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	return int(max(limit, time.Millisecond) / time.Millisecond)
}
