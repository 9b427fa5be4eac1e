package demo

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// Ports are the ports of 127.0.0.1 that the demo would like. One that is taken
// is stepped over; 0 takes any free one.
type Ports struct {
	Page, Shop, Elsewhere, Ops, MySQL, Kafka, SMTP int
}

// PreferredPorts are the ports that the demo takes when they are free.
func PreferredPorts() Ports {
	return Ports{Page: 8080, Shop: 8081, Elsewhere: 8082, Ops: 9100, MySQL: 13306, Kafka: 19092, SMTP: 2525}
}

// portSteps is how many ports are tried before the demo gives up.
const portSteps = 100

// listen listens on the preferred port or on the next one that is free.
func listen(preferred int) (net.Listener, error) {
	for step := range portSteps {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(preferred+step))
		if preferred == 0 {
			addr = "127.0.0.1:0"
		}
		l, err := net.Listen("tcp", addr)
		if err == nil {
			return l, nil
		}
		// EACCES is how some systems keep a port to themselves.
		if !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EACCES) {
			return nil, fmt.Errorf("listen on %s: %w", addr, err)
		}
	}
	return nil, fmt.Errorf("listen on 127.0.0.1: ports %d to %d are all taken", preferred, preferred+portSteps-1)
}

// freePort finds a port as listen does, for a server that listens by itself.
func freePort(preferred int) (int, error) {
	l, err := listen(preferred)
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
