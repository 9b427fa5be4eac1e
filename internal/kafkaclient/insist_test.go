package kafkaclient

import (
	"context"
	"errors"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// What goes by itself is asked for again, and what comes back is the last answer.
func TestInsist(t *testing.T) {
	t.Parallel()
	again := kafka.NewError(kafka.ErrNotController, "", false)
	never := kafka.NewError(kafka.ErrTopicAuthorizationFailed, "", false)
	other := errors.New("other")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name    string
		ctx     context.Context
		answers []error
		want    error
		calls   int
	}{
		{"at once", t.Context(), []error{nil}, nil, 1},
		{"later", t.Context(), []error{again, again, nil}, nil, 3},
		{"refused later", t.Context(), []error{again, never, nil}, never, 2},
		{"none of Kafka's", t.Context(), []error{other, nil}, other, 1},
		{"the context has ended", ended, []error{again, nil}, again, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			got := insist(tt.ctx, func() error {
				calls++
				return tt.answers[calls-1]
			})
			if !errors.Is(got, tt.want) || calls != tt.calls {
				t.Errorf("got %v after %d calls, want %v after %d", got, calls, tt.want, tt.calls)
			}
		})
	}
}
