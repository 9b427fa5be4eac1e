package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"telltale/internal/preflight"
)

// drainWithin is how long requests under way may take when a server stops.
const drainWithin = 3 * time.Second

// listen takes the address that a key of the configuration gives.
func listen(ctx context.Context, key, addr string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, preflight.Findings{{What: err.Error(), Where: key, Mend: "set " + key + " to an address of this machine that is free"}}
	}
	return listener, nil
}

// serve answers requests on listener until ctx ends, and then lets those under way
// finish. It closes listener.
func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	err := server.Shutdown(drain)
	<-served
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}
