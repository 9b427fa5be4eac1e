package kafkaclient

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

const (
	// pingTimeout is how long brokers may take to answer a Ping, and downTimeout how
	// long they are asked where a connection to each of them was refused once.
	pingTimeout = 20 * time.Second
	downTimeout = 5 * time.Second
	// pingPause is how long the first look for an answer takes. Each takes twice as
	// long as the one before, up to callTimeout: an answer that comes after its look
	// counts for nothing.
	pingPause = 200 * time.Millisecond
)

// Ping asks the cluster for its metadata. It fails where no broker answers
// within twenty seconds, or five where all refuse to be connected to, and soon where
// those that do not are not trusted or turn us away, which is a BrokerError that IsRefused:
// the client itself would try for ever.
func Ping(ctx context.Context, c Config) error {
	m, err := c.configMap(kafka.ConfigMap{"go.delivery.reports": false})
	if err != nil {
		return err
	}
	stop := c.logs(m)
	defer stop()
	p, err := kafka.NewProducer(&m) // The one kind of client that tells errors apart by their code.
	if err != nil {
		return fmt.Errorf("make a kafka client for %q: %w", c.Brokers, err)
	}
	defer p.Close()
	failed := &BrokerError{Brokers: c.Brokers}
	down := false
	for began, pause := time.Now(), pingPause; ; {
		_, failed.Err = p.GetMetadata(nil, false, millis(ctx, pause))
		if failed.Err == nil {
			return nil
		}
		limit := pingTimeout
		if down = failed.collect(p.Events()) || down; down {
			limit = downTimeout
		}
		left := limit - time.Since(began)
		if ctx.Err() != nil || left <= 0 || down && IsRefused(failed) {
			return failed
		}
		pause = min(2*pause, left, callTimeout)
	}
}

// BrokerError says that no broker could be spoken to, and why.
type BrokerError struct {
	Brokers string
	// Err is what the call came back with: mostly that time is up.
	Err error
	// Reasons are the different things that the client met meanwhile.
	Reasons []error
}

// Error names the brokers and the reasons.
func (e *BrokerError) Error() string {
	causes := make([]string, len(e.Reasons))
	for i, reason := range e.Reasons {
		causes[i] = explained(reason.Error())
	}
	if len(causes) == 0 {
		causes = []string{e.Err.Error()}
	}
	return fmt.Sprintf("reach a kafka broker at %q: %s", e.Brokers, strings.Join(causes, "; "))
}

// explained adds what a connection that ends inside of the TLS handshake mostly
// means. The client names it or not, by how much it had read.
func explained(reason string) string {
	if strings.Contains(reason, "SSL_HANDSHAKE") && !strings.Contains(reason, "certificate verify failed") {
		return reason + ": a listener without TLS, or one that wants a client certificate?"
	}
	return reason
}

// Unwrap returns Err and the reasons.
func (e *BrokerError) Unwrap() []error { return append([]error{e.Err}, e.Reasons...) }

// collect takes the errors that wait in events, and reports whether one of them
// says that every broker was tried.
func (e *BrokerError) collect(events <-chan kafka.Event) (allDown bool) {
	for {
		select {
		case ev := <-events:
			k, ok := ev.(kafka.Error)
			switch {
			case !ok:
			case k.Code() == kafka.ErrAllBrokersDown:
				allDown = true
			default:
				e.note(k)
			}
		default:
			return allDown
		}
	}
}

// note keeps a reason once for each kind: the text of the next try differs by
// how long it took.
func (e *BrokerError) note(k kafka.Error) {
	same := func(reason error) bool { return hasCode(reason, k.Code()) }
	if !slices.ContainsFunc(e.Reasons, same) {
		e.Reasons = append(e.Reasons, k)
	}
}
