package binlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/preflight"
)

// What ends the reader is what trying again does not change.
func TestFatal(t *testing.T) {
	t.Parallel()
	code := func(c kafka.ErrorCode) error { return fmt.Errorf("publish: %w", kafka.NewError(c, "", false)) }
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"nothing", nil, false},
		{"asked to stop", context.Canceled, false},
		{"lost connection", io.ErrUnexpectedEOF, false},
		{"broker away", code(kafka.ErrTransport), false},
		{"fenced", code(kafka.ErrProducerFenced), false},
		{"right taken away", code(kafka.ErrTransactionalIDAuthorizationFailed), false},
		{"fatal to the producer", kafka.NewError(kafka.ErrFatal, "", true), false},
		{"timeout beyond the brokers'", code(kafka.ErrInvalidTransactionTimeout), true},
		{"policy", code(kafka.ErrPolicyViolation), true},
		{"refused event", fmt.Errorf("x: %w", &StopError{Err: io.EOF}), true},
		{"position", &ResumeError{}, true},
		{"topic", errors.Join(code(kafka.ErrTransport), &TopicError{}), true},
		{"missing topics", &kafkaclient.MissingTopicsError{}, true},
		{"finding", preflight.Findings{{}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := fatal(tt.err); got != tt.want {
				t.Errorf("%v: got %t, want %t", tt.err, got, tt.want)
			}
		})
	}
}
