package consumers

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/go-sql-driver/mysql"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	server := func(number uint16) error { return &mysql.MySQLError{Number: number, Message: "m"} }
	tests := []struct {
		name string
		err  error
		want class
	}{
		{"deadlock", server(1213), conflict},
		{"lock wait", server(1205), conflict},
		{"too many connections", server(1040), unavailable},
		{"server is shutting down", server(1053), unavailable},
		{"read only after a failover", server(1290), unavailable},
		{"disk full", server(1021), unavailable},
		{"killed query", server(1317), unavailable},
		{"duplicate key", server(1062), permanent},
		{"unknown column", server(1054), permanent},
		{"access denied", server(1045), permanent},
		{"lost connection", mysql.ErrInvalidConn, unavailable},
		{"bad connection", driver.ErrBadConn, unavailable},
		{"end of the connection", io.ErrUnexpectedEOF, unavailable},
		{"refused", &net.OpError{Op: "dial", Err: errors.New("refused")}, unavailable},
		{"no row", sql.ErrNoRows, permanent},
		{"broker away", kafka.NewError(kafka.ErrTransport, "", false), unavailable},
		{"fatal kafka client", kafka.NewError(kafka.ErrFatal, "", true), permanent},
		{"refused by kafka", fmt.Errorf("ask: %w", kafka.NewError(kafka.ErrPolicyViolation, "", false)), permanent},
		{"poison", Poison(errors.New("bad")), permanent},
		{"poison from the network", Poison(&net.OpError{Op: "dial", Err: errors.New("refused")}), permanent},
		{"not the owner", errNotOwner, permanent},
		{"unknown", errors.New("unknown"), permanent},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := classify(fmt.Errorf("wrapped: %w", test.err)); got != test.want {
				t.Errorf("classify(%v): got %s, want %s", test.err, got, test.want)
			}
		})
	}
}

func TestBackoffGrowsWithinBounds(t *testing.T) {
	t.Parallel()
	const base, limit = 10 * time.Millisecond, 200 * time.Millisecond
	for range 50 {
		b := backoff{base: base, limit: limit}
		for n := range 80 {
			bound := limit
			if n < 4 {
				bound = base << n
			}
			if got := b.next(); got < base/2 || got >= base/2+bound {
				t.Fatalf("pause %d: got %v, want at least %v and less than %v", n, got, base/2, base/2+bound)
			}
		}
	}
}

func TestLinger(t *testing.T) {
	t.Parallel()
	cause := errors.New("revoked")
	ctx, end := context.WithCancelCause(t.Context())
	longer, cancel := linger(ctx, 20*time.Millisecond)
	defer cancel()
	end(cause)
	if longer.Err() != nil {
		t.Error("the longer context ended with the shorter one")
	}
	<-longer.Done()
	if !errors.Is(context.Cause(longer), cause) {
		t.Errorf("it ended with %v, want %v", context.Cause(longer), cause)
	}
	longer, cancel = linger(ctx, time.Hour)
	cancel()
	<-longer.Done() // The caller need not wait for the hour.
}

func TestPoison(t *testing.T) {
	t.Parallel()
	cause := errors.New("no such customer")
	err := fmt.Errorf("handle: %w", Poison(cause))
	if !IsPoison(err) || !errors.Is(err, cause) || err.Error() != "handle: no such customer" {
		t.Errorf("got %v, want poison that wraps its cause and reads like it", err)
	}
	if Poison(nil) != nil || IsPoison(cause) {
		t.Error("what is not poison counts as poison")
	}
}
