package binlog

import (
	"errors"
	"fmt"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/preflight"
)

// What keeps the reader from beginning has a name, and keeps one that says more.
func TestNotStarted(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"*binlog.StartError":              fmt.Errorf("read the server's variable log_bin: %w", errors.New("invalid connection")),
		"preflight.Findings":              preflight.Findings{{What: "binlog_format"}},
		"*kafkaclient.MissingTopicsError": &kafkaclient.MissingTopicsError{},
		"*kafkaclient.BrokerError":        &kafkaclient.BrokerError{Brokers: "b:1", Err: errors.New("time is up")},
		"*kafkaclient.RefusedError":       fmt.Errorf("create kafka topic shop.t: %w", kafka.NewError(kafka.ErrPolicyViolation, "no", false)),
	} {
		got := notStarted("shop", err)
		if name := fmt.Sprintf("%T", got); name != want {
			t.Errorf("%v: got %s, want %s", err, name, want)
		}
		if !errors.Is(got, err) && got.Error() != err.Error() {
			t.Errorf("got %v, which does not hold %v", got, err)
		}
	}
}
