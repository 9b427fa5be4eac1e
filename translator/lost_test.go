package translator

import (
	"errors"
	"fmt"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

// A failure of Kafka is tried again by a new session, but for one that would come
// back for ever, which ends the stage by its name.
func TestLost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code kafka.ErrorCode
		lost bool
	}{
		{kafka.ErrTransport, true},
		{kafka.ErrIllegalGeneration, true},
		{kafka.ErrTopicAuthorizationFailed, true},
		{kafka.ErrProducerFenced, true},
		{kafka.ErrMsgSizeTooLarge, false},
		{kafka.ErrInvalidTransactionTimeout, false},
	} {
		t.Run(tt.code.String(), func(t *testing.T) {
			t.Parallel()
			err := lost(fmt.Errorf("commit: %w", kafka.NewError(tt.code, "", false)))
			var refused *kafkaclient.RefusedError
			if got := isLost(err); got != tt.lost || errors.As(err, &refused) == tt.lost {
				t.Errorf("got %v, lost %t, want %t", err, got, tt.lost)
			}
		})
	}
}
