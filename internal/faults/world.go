package faults

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	_ "github.com/go-sql-driver/mysql" // The driver that sql.Open needs by name.

	"telltale/internal/install"
	"telltale/internal/smtpserver"
	"telltale/load"
	"telltale/load/direct"
)

const (
	// readyTime bounds how long the stages take until the topics are there.
	readyTime = 2 * time.Minute
	// productsEach is how many products each worker of the load has, enough for marks
	// on all partitions.
	productsEach = 40
	// stopTime is what a stage may take to stop in order.
	stopTime = 30 * time.Second
)

// Options say what the faults happen to.
type Options struct {
	install.Options
	// Broker is the one at install.Options.Brokers.
	Broker *Broker
	// BrokerPause is how long it is paused. Default 10 s.
	BrokerPause time.Duration
	// Source is the server at install.Options.MySQL, and the way there at
	// install.Options.Source.
	Source Source
	// Mail is the server at install.Options.SMTP.
	Mail *smtpserver.Server
	// Load is what is written; its record goes to the directory.
	Load load.Options
}

// World is a pipeline that runs, a load on it, and what was seen of it.
type World struct {
	*install.Install
	// Stages are the processes, in the order of the data.
	Stages []*Stage
	// Broker and BrokerPause are those of the options.
	Broker      *Broker
	BrokerPause time.Duration
	// Source is that of the options.
	Source Source

	load    *load.Load
	history *history
	// shop and consumers are the two databases.
	shop      *sql.DB
	consumers *sql.DB
	reader    *reader
	mails     *mails
	reading   sync.WaitGroup
	stopRead  context.CancelFunc
}

// Open sets the pipeline up on servers that are as new, starts it and waits
// until what is written from now on is published. Close the world in any case.
func Open(ctx context.Context, o Options) (*World, error) {
	if o.BrokerPause == 0 {
		o.BrokerPause = 10 * time.Second
	}
	w := &World{Broker: o.Broker, BrokerPause: o.BrokerPause, Source: o.Source, stopRead: func() {}, mails: newMails(o.Mail)}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	for _, step := range []func(context.Context, Options) error{w.install, w.start, w.watch, w.connect} {
		if err := step(ctx, o); err != nil {
			return w, err
		}
	}
	return w, nil
}

func (w *World) install(ctx context.Context, o Options) (err error) {
	w.Install, err = install.New(ctx, o.Options)
	return err
}

func (w *World) start(ctx context.Context, _ Options) error {
	for _, s := range stages(w.Install) {
		if err := s.start(); err != nil {
			return err
		}
		w.Stages = append(w.Stages, s)
	}
	return w.await(ctx, "the reader's position", w.Positioned)
}

// watch reads the topics from their beginning on.
func (w *World) watch(ctx context.Context, _ Options) error {
	err := w.await(ctx, "the topics", func(ctx context.Context) bool { return topicsExist(ctx, w.Kafka()) })
	if err != nil {
		return err
	}
	if w.reader, err = newReader(ctx, w.Kafka(), w.Delivery == ""); err != nil {
		return err
	}
	ctx, w.stopRead = context.WithCancel(context.WithoutCancel(ctx))
	w.reading.Go(func() { w.reader.run(ctx) })
	return nil
}

func (w *World) connect(ctx context.Context, o Options) (err error) {
	if w.consumers, err = sql.Open("mysql", w.DSNs.Consumers); err != nil {
		return fmt.Errorf("open the consumers' database: %w", err)
	}
	if w.shop, err = sql.Open("mysql", w.DSNs.Shell); err != nil {
		return fmt.Errorf("open the shop's database: %w", err)
	}
	if w.history, err = newHistory(filepath.Join(w.Dir, "load.jsonl")); err != nil {
		return err
	}
	target, err := direct.Open(ctx, direct.Options{DSN: w.DSNs.Shell, Products: productsEach})
	if err != nil {
		return err
	}
	o.Load.Record = w.history.file
	w.load, err = load.Open(ctx, o.Load, target)
	return err
}

// await polls until something is so. It fails early where a stage ends by
// itself or the reader cannot go on.
func (w *World) await(ctx context.Context, what string, so func(context.Context) bool) error {
	for !so(ctx) {
		if err := w.healthy(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, context.Cause(ctx))
		case <-time.After(50 * time.Millisecond):
		}
	}
	return w.healthy()
}

// healthy is an error where a stage has ended by itself or the reader found
// what it cannot read.
func (w *World) healthy() error {
	var errs []error
	for _, s := range w.Stages {
		errs = append(errs, s.alive())
	}
	if w.reader != nil {
		errs = append(errs, w.reader.failure())
	}
	return errors.Join(errs...)
}

// Close stops the stages in order and reports one that did not end well.
func (w *World) Close() error {
	var errs []error
	for _, s := range w.Stages {
		errs = append(errs, s.stop())
	}
	w.stopRead()
	w.reading.Wait()
	w.mails.close()
	if w.reader != nil {
		errs = append(errs, w.reader.close())
	}
	if w.load != nil {
		errs = append(errs, w.load.Close())
	}
	if w.history != nil {
		errs = append(errs, w.history.close())
	}
	for _, db := range []*sql.DB{w.shop, w.consumers} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
