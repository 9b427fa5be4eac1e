package binlog

import (
	"errors"
	"fmt"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/preflight"
)

func TestCauseOf(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"event":     &StopError{Where: "b.1:4", Err: errIncident},
		"position":  &ResumeError{Source: "shop"},
		"preflight": preflight.Findings{{What: "binlog_format"}},
		"kafka":     kafka.NewError(kafka.ErrTransport, "broker is away", false),
		"silence":   fmt.Errorf("%w for 10s", errSilent),
		"mysql":     errors.New("invalid connection"),
	} {
		if got := causeOf(fmt.Errorf("source shop: %w", err)); got != want {
			t.Errorf("%v: got %s, want %s", err, got, want)
		}
	}
	for _, err := range []error{&kafkaclient.MissingTopicsError{}, &TopicError{}} {
		if got := causeOf(err); got != "kafka" {
			t.Errorf("%T: got %s", err, got)
		}
	}
}

// Whatever stops the reader has a name, under which docs/errors.md explains it.
func TestStopErrorName(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"binlog.Incident":    fmt.Errorf("event INCIDENT_EVENT: %w", errIncident),
		"binlog.RowTooLarge": fmt.Errorf("%w: %w", errRowTooLarge, errors.New("broker: message size too large")),
		"binlog.routeError":  fmt.Errorf("table shop.t: %w", &routeError{what: "can be null"}),
		"binlog.Damaged":     fmt.Errorf("table shop.t, row 3: %w", errEvent),
	} {
		if got := (&StopError{Where: "b.1:4", Err: err}).Name(); got != want {
			t.Errorf("%v: got %s, want %s", err, got, want)
		}
	}
}
