package childproc

import (
	"context"
	"errors"
	"net"
	"slices"
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

// portAttempts is how often other ports are chosen when somebody takes one
// between its choice and the server's start.
const portAttempts = 5

// OnPorts chooses ports of 127.0.0.1, those that are wanted and, for each 0, a
// free one, and calls start with them, in their order, to start a server there.
// Where that fails and one of the ports has been taken meanwhile, it is done
// again with others. The error is that of start, or wraps syscall.EADDRINUSE
// when a wanted port is taken.
func OnPorts(ctx context.Context, want []int, start func(ports []int) error) error {
	for attempt := 1; ; attempt++ {
		ports, err := choose(ctx, want)
		if err != nil {
			return err
		}
		err = start(ports)
		taken := func(port int) bool { return PortTaken(ctx, port) }
		if err == nil || attempt == portAttempts || !slices.ContainsFunc(ports, taken) {
			return err
		}
	}
}

// choose holds all ports until it has the last one, so that they differ.
func choose(ctx context.Context, want []int) (ports []int, err error) {
	for _, port := range want {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// PortTaken tells whether somebody listens on the port of 127.0.0.1.
func PortTaken(ctx context.Context, port int) bool {
	_, err := FreePort(ctx, port)
	return errors.Is(err, syscall.EADDRINUSE)
}
