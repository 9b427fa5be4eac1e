package binlog

import (
	"context"
	"net"
	"testing"
	"time"
)

// Once the reader has ended with a server the library connects no more: it would have
// a connection killed by its number, at whatever server has the address by then.
func TestDialerAfterTheEnd(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	dial := dialer(ctx, time.Minute)
	conn, err := dial(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	if other, err := dial(t.Context(), "tcp", listener.Addr().String()); err == nil {
		other.Close()
		t.Error("a connection was made after the end")
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a read of the old connection goes on after the end")
	}
}
