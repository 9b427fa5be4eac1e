package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"telltale/internal/demo/feed"
	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver"
	"telltale/internal/mysqlserver"
	"telltale/internal/ops"
	"telltale/internal/smtpserver"
)

// Run runs the demo until ctx is cancelled, when it stops everything in order
// within ten seconds and returns nil, or until a part fails that cannot mend
// itself, when it does the same and returns why.
func Run(ctx context.Context, o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	dir, err := openDataDir(ctx, o.Dir, o.Fresh)
	if err != nil {
		return err
	}
	alive, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	d := newDemo(o, dir, fail)
	err = d.start(alive)
	if err == nil {
		o.Started(d.addresses)
		<-alive.Done()
	}
	if cause := context.Cause(alive); cause != nil {
		err = cause
	}
	if ctx.Err() != nil { // Somebody asked for it.
		err = nil
	}
	return errors.Join(err, d.stop(err), dir.close())
}

// demo is what runs, in the order in which it was started. What is nil was not.
type demo struct {
	Options
	dir  *dataDir
	fail context.CancelCauseFunc

	mysql     *mysqlserver.Server
	broker    *kafkaserver.Server
	smtp      *smtpserver.Server
	mailbox   *mailbox
	ledger    *sql.DB
	shell     *sql.DB
	app       App
	stages    []*supervised
	shop      *website
	page      *website
	ops       *website
	addresses Addresses

	log      *feed.Log
	board    *board
	health   *ops.Health
	registry *prometheus.Registry
	caughtUp chan struct{}
	// following is the context of what only watches, which goes on until the
	// last stage has stopped.
	following  context.Context
	stopFollow context.CancelFunc
	follow     sync.WaitGroup
}

func newDemo(o Options, dir *dataDir, fail context.CancelCauseFunc) *demo {
	log := feed.NewLog(feed.LogOptions{Mails: keptMails, Started: time.Now()})
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	d := &demo{
		Options: o, dir: dir, fail: fail, log: log, board: &board{log: log}, health: ops.NewHealth(), registry: registry,
		caughtUp: make(chan struct{}),
	}
	d.following, d.stopFollow = context.WithCancel(context.Background())
	return d
}

// start brings everything up. The shop takes its first request only when the
// reader's position is fixed: on the first start that is the server's newest
// transaction, and what the shop wrote before it would never be told.
func (d *demo) start(ctx context.Context) error {
	if err := d.startServers(ctx); err != nil {
		return err
	}
	sites, err := d.openSites()
	if err != nil {
		return err
	}
	env, err := d.env(ctx)
	if err != nil {
		return errors.Join(err, sites.close())
	}
	d.follow.Go(d.watchTopics)
	if d.app, err = d.Build(ctx, env); err != nil {
		return errors.Join(fmt.Errorf("build the demo: %w", err), sites.close())
	}
	if err := d.startStages(ctx); err != nil {
		return errors.Join(err, sites.close())
	}
	return d.serve(ctx, sites)
}

func (d *demo) startStages(ctx context.Context) error {
	for _, s := range d.app.Stages {
		d.board.set(s.Name, starting, "")
		v := supervise(ctx, s, d.failed(s.Name))
		d.stages = append(d.stages, v)
		d.follow.Go(func() { d.followHealth(v) })
		if err := v.await(ctx); err != nil {
			return err
		}
		d.say("%-11s running", s.Name)
	}
	return nil
}

// failed shows a part's failure and ends the demo with it.
func (d *demo) failed(name string) func(error) {
	return func(err error) {
		d.board.set(name, failed, err.Error())
		d.fail(err)
	}
}

// followHealth shows a stage's health on the page and hands it on to /readyz
// until the stage has ended.
func (d *demo) followHealth(v *supervised) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	shown := map[string]string{}
	for {
		reasons := v.Health.Reasons()
		d.board.follow(v.Name, reasons)
		for part := range shown {
			if _, still := reasons[part]; !still {
				d.health.Set(v.Name+", "+part, nil)
			}
		}
		for part, reason := range reasons {
			d.health.Set(v.Name+", "+part, errors.New(reason))
		}
		shown = reasons
		select {
		case <-v.done:
			d.board.set(v.Name, stopped, "")
			return
		case <-d.following.Done():
			return
		case <-tick.C:
		}
	}
}

// watchTopics fills the log from the topics.
func (d *demo) watchTopics() {
	err := feed.Watch(d.following, feed.WatchOptions{
		Kafka:    d.kafka(),
		Changes:  []string{Source + "." + shopDatabase + "."},
		Events:   []string{"events."},
		Newest:   keptOffsets,
		Sink:     d.log,
		CaughtUp: func() { close(d.caughtUp) },
	})
	if err != nil {
		d.failed("page")(err)
	}
}

func (d *demo) kafka() kafkaclient.Config {
	return kafkaclient.Config{Brokers: d.broker.Brokers(), Logger: d.Logger}
}

// stop ends what runs, in the order in which the work flows: nothing that
// arrives is left without the stage that handles it, as far as the deadlines
// allow. cause is what is known already.
func (d *demo) stop(cause error) error {
	reason := "it was stopped"
	if cause != nil {
		reason = cause.Error()
	}
	d.say("\nstopping")
	all, cancel := context.WithTimeout(context.Background(), stopAll)
	defer cancel()
	d.board.end(reason)
	var errs []error
	note := func(err error) {
		if err != nil && !errors.Is(cause, err) {
			errs = append(errs, err)
		}
	}
	note(stopSite(d.page, stopPage))
	note(stopSite(d.shop, stopShop))
	for _, v := range d.stages {
		note(v.stop(stopStage))
	}
	note(stopSite(d.ops, stopPage))
	if d.app.Close != nil {
		note(d.app.Close())
	}
	d.stopFollow()
	note(within(stopFeed, "the page's reader of the topics", func() error { d.follow.Wait(); return nil }))
	note(d.stopServers(all))
	return errors.Join(errs...)
}

func stopSite(w *website, limit time.Duration) error {
	if w == nil {
		return nil
	}
	return w.stop(limit)
}

// say prints a line for the person who started the demo.
func (d *demo) say(format string, args ...any) {
	// A terminal that is gone is no reason to end.
	_, _ = fmt.Fprintf(d.Stdout, format+"\n", args...)
}

// unpackRules replaces the rule files in the data directory.
func (d *demo) unpackRules() (string, error) {
	dir := d.dir.file("rules")
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("unpack the rules: %w", err)
	}
	if err := os.CopyFS(dir, d.Rules); err != nil {
		return "", fmt.Errorf("unpack the rules: %w", err)
	}
	return dir, nil
}
