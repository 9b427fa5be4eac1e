package childproc

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"
)

// FreePort returns the wanted port of 127.0.0.1 when nobody listens on it, and
// a free one when want is 0. The error wraps syscall.EADDRINUSE when the port
// is taken. Somebody else may take the port before the server does.
func FreePort(ctx context.Context, want int) (int, error) {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(want))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// PortTaken tells whether somebody listens on the port of 127.0.0.1.
func PortTaken(ctx context.Context, port int) bool {
	_, err := FreePort(ctx, port)
	return errors.Is(err, syscall.EADDRINUSE)
}
