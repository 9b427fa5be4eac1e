package outage_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/binarytest"
	"telltale/internal/kafkaclient"
	"telltale/internal/smtpserver"
)

// change lets n customers register and change their names, by hand. Each makes
// two events and gets two mails.
func (w *world) change(t *testing.T, n int) {
	t.Helper()
	for range n {
		w.customers++
		statements := fmt.Sprintf(`INSERT INTO customers (id, email, name, password_hash, created_at, updated_at)
				VALUES (%[1]d, '%[2]s', 'Bob', 'x', NOW(6), NOW(6));
			UPDATE customers SET name = 'Alice', version = version + 1 WHERE id = %[1]d`, w.customers, address(w.customers))
		// A connection of before a restart is found out by its use.
		binarytest.Await(t, "the database to take a change", func() string {
			if err := w.shop.PingContext(t.Context()); err != nil {
				return err.Error()
			}
			return ""
		})
		if _, err := w.shop.ExecContext(t.Context(), statements); err != nil {
			t.Fatalf("change customer %d: %v", w.customers, err)
		}
	}
}

func address(customer int) string { return fmt.Sprintf("customer-%d@example.com", customer) }

// settled waits until all changes have had their effect and every stage is ready.
func (w *world) settled(t *testing.T) {
	t.Helper()
	binarytest.Await(t, "all mails", func() string {
		if got, want := len(w.received()), 2*w.customers; got < want {
			return fmt.Sprintf("got %d, want %d", got, want)
		}
		return ""
	})
	for _, stage := range stages {
		w.awaitReady(t, stage)
	}
}

// received are the mails that any of the mail servers took.
func (w *world) received() []smtpserver.Mail { return slices.Concat(w.mails, w.smtp.Mails()) }

// audit compares what every customer did with events and mails: each once, in
// order.
func (w *world) audit(t *testing.T) {
	t.Helper()
	mails := make(map[string][]string)
	for _, m := range w.received() {
		mails[m.To[0]] = append(mails[m.To[0]], m.Subject)
	}
	events := w.events(t)
	for customer := 1; customer <= w.customers; customer++ {
		if got, want := events[fmt.Sprint(customer)], []string{"CustomerRegistered 1", "CustomerNameChanged 2"}; !slices.Equal(got, want) {
			t.Errorf("events of customer %d: got %q, want %q", customer, got, want)
		}
		got := slices.Sorted(slices.Values(mails[address(customer)]))
		if want := []string{"Welcome to", "Your name"}; !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("mails to customer %d: got %q, want one each of %q", customer, got, want)
		}
	}
	if len(events) != w.customers || len(mails) != w.customers {
		t.Errorf("events are about %v and mails went to %v, want %d customers",
			slices.Sorted(maps.Keys(events)), slices.Sorted(maps.Keys(mails)), w.customers)
	}
}

// events are the events of each customer, type and version of the row.
func (w *world) events(t *testing.T) map[string][]string {
	t.Helper()
	out := make(map[string][]string)
	err := kafkaclient.ReadToEnd(t.Context(), w.install.Kafka(), "events.customer", func(m *kafka.Message) error {
		headers := make(map[string]string)
		for _, h := range m.Headers {
			headers[h.Key] = string(h.Value)
		}
		out[string(m.Key)] = append(out[string(m.Key)], headers["ce_type"]+" "+headers["ce_sequence"])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
