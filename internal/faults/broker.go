package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"telltale/internal/apachekafka"
)

// Broker is Apache Kafka, to which harm can be done.
type Broker struct {
	options apachekafka.Options
	server  *apachekafka.Server
}

// StartBroker starts one.
func StartBroker(ctx context.Context, o apachekafka.Options) (*Broker, error) {
	server, err := apachekafka.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	b := &Broker{options: o, server: server}
	_, port, err := net.SplitHostPort(server.Brokers())
	if err == nil {
		b.options.Port, err = strconv.Atoi(port)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("find the port of the broker at %q: %w", server.Brokers(), err), server.Kill())
	}
	return b, nil
}

// Addr is where it listens, also after it was started again.
func (b *Broker) Addr() string { return b.server.Brokers() }

// Kill ends it at once.
func (b *Broker) Kill() error { return b.server.Kill() }

// again starts it where its clients look for it, with its data.
func (b *Broker) again(ctx context.Context) (err error) {
	b.server, err = apachekafka.Start(ctx, b.options)
	return err
}

// brokerFaults are what is done to the broker.
func brokerFaults() []Fault {
	return []Fault{
		{
			Name:   "kill -9 of the broker",
			Doc:    "The broker was killed at a random moment and started again after up to two seconds.",
			Long:   true,
			Inject: killBroker,
		},
		{
			Name: "SIGSTOP of the broker",
			Doc: "The broker was stopped in its tracks (SIGSTOP) at a random moment, for longer than any of its clients' sessions, and woken up; " +
				"nobody was told.",
			Long:   true,
			Inject: pauseBroker,
		},
		{
			Name: "full disk of the broker",
			Doc: "From a random moment on each write of the broker to a log failed (by a limit of its files' size, which it meets as it meets a full disk: " +
				"it gives the log directory up and, having no other, ends itself); then there was room, and it was started again.",
			Inject: fillBroker,
		},
	}
}

func killBroker(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	if err := wait(ctx, time.Duration(random.Int64N(int64(during)))); err != nil {
		return err
	}
	if err := w.Broker.Kill(); err != nil {
		return err
	}
	if err := wait(ctx, time.Duration(random.Int64N(int64(2*time.Second)))); err != nil {
		return err
	}
	return w.healed(w.Broker.again(ctx))
}

func pauseBroker(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	if err := wait(ctx, time.Duration(random.Int64N(int64(during)))); err != nil {
		return err
	}
	if err := w.Broker.server.Pause(); err != nil {
		return fmt.Errorf("pause the broker: %w", err)
	}
	if err := wait(ctx, w.BrokerPause); err != nil {
		return err
	}
	return w.healed(w.Broker.server.Resume())
}

func fillBroker(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	if err := wait(ctx, time.Duration(random.Int64N(int64(during)))); err != nil {
		return err
	}
	if err := w.Broker.server.FillDisk(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-w.Broker.server.Done():
	}
	return w.healed(w.Broker.again(ctx))
}

// healed notes that the broker is there again, from when on each stage has to go
// on by itself.
func (w *World) healed(err error) error {
	if err != nil {
		return fmt.Errorf("have the broker back: %w", err)
	}
	for _, s := range w.Stages {
		s.harm()
	}
	return nil
}
