package binlog

import (
	"errors"
	"fmt"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/go-mysql-org/go-mysql/mysql"

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
		"claims":    &StopError{Where: "b.1:4", Err: &claimError{topic: "shop.shop.notes", err: errors.New("NoSuchBucket")}},
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

// What ends the reader has a name of its own, whatever brought it about.
func TestFinal(t *testing.T) {
	t.Parallel()
	refusal := fmt.Errorf("read the binlog: %w", &mysql.MyError{Code: mysql.ER_MASTER_FATAL_ERROR_READING_BINLOG, Message: "could not open log file"})
	if err := final(refusal); !errors.Is(err, errRefused) || !errors.Is(err, refusal) {
		t.Errorf("got %v, want it under the name %s", err, errRefused.Name())
	}
	stop := &StopError{Where: "b.1:4", Err: fmt.Errorf("%w: %w", errRowTooLarge, kafka.NewError(kafka.ErrMsgSizeTooLarge, "too large", false))}
	if err := final(stop); !errors.Is(err, stop) || errors.As(err, new(*kafkaclient.RefusedError)) {
		t.Errorf("got %v, want it as it was", err)
	}
	resume := &ResumeError{Source: "shop", Kind: refusedPurged}
	if err := final(resume); !errors.Is(err, resume) || resume.Name() != "binlog.Purged" {
		t.Errorf("got %v under the name %s", err, resume.Name())
	}
	if err := final(kafka.NewError(kafka.ErrPolicyViolation, "no", false)); !errors.As(err, new(*kafkaclient.RefusedError)) {
		t.Errorf("got %v, want a RefusedError", err)
	}
}
