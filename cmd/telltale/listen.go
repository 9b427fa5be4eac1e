package main

import (
	"context"
	"net"

	"telltale/internal/preflight"
)

// listen takes the address that a key of the configuration gives.
func listen(ctx context.Context, key, addr string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, preflight.Findings{{What: err.Error(), Where: key, Mend: "set " + key + " to an address of this machine that is free"}}
	}
	return listener, nil
}
