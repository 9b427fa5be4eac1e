package kafkaclient

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// TestEveryCodeHasARemedy asks the library for a text of every number, which it
// has for those that it knows. A new version's new code makes this fail.
func TestEveryCodeHasARemedy(t *testing.T) {
	t.Parallel()
	known := 0
	for code := kafka.ErrorCode(-1000); code < 1000; code++ {
		text := code.String()
		_, listed := remedies[code]
		switch isKnown := !strings.HasPrefix(text, "Err-"); {
		case isKnown && !listed:
			t.Errorf("code %d, %s, has no remedy", code, text)
		case !isKnown && listed:
			t.Errorf("code %d has a remedy, and the library does not know it", code)
		case isKnown:
			known++
		}
	}
	if known < 180 || known != len(remedies) {
		t.Errorf("the library knows %d codes, %d have a remedy", known, len(remedies))
	}
}

func TestRemedyOf(t *testing.T) {
	t.Parallel()
	code := func(c kafka.ErrorCode) error { return kafka.NewError(c, "", false) }
	for _, tt := range []struct {
		name string
		err  error
		want Remedy
	}{
		{"nothing", nil, NotKafka},
		{"another's", errors.New("x"), NotKafka},
		{"broker away", code(kafka.ErrTransport), Retry},
		{"disk of the broker", code(kafka.ErrKafkaStorageError), Retry},
		{"password", code(kafka.ErrSaslAuthenticationFailed), Retry},
		{"rebalance", code(kafka.ErrIllegalGeneration), Rewind},
		{"right to the topic", code(kafka.ErrTopicAuthorizationFailed), Renew},
		{"topic gone", code(kafka.ErrUnknownTopicOrPart), Renew},
		{"fenced", code(kafka.ErrProducerFenced), Renew},
		{"unknown to this version", code(999), Renew},
		{"record too large", code(kafka.ErrMsgSizeTooLarge), End},
		{"fatal to the client", kafka.NewError(kafka.ErrTransport, "", true), Renew},
		{"fatal, and ours to mend", kafka.NewError(kafka.ErrInvalidTransactionTimeout, "", true), End},
		{"wrapped", fmt.Errorf("commit: %w", code(kafka.ErrFenced)), Renew},
		{"the worst of several", errors.Join(code(kafka.ErrTransport), fmt.Errorf("x: %w", code(kafka.ErrPolicyViolation)), code(kafka.ErrFenced)), End},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := RemedyOf(tt.err); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
