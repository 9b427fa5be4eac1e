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
	"telltale/internal/install"
	"telltale/internal/kafkaclient"
	"telltale/internal/ops"
)

// Run runs the demo until ctx is cancelled, when it stops everything in order
// within ten seconds and returns nil, or until something fails that cannot mend
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

	servers   servers
	install   *install.Install
	ledger    *sql.DB // The consumers' database.
	shell     *sql.DB
	app       App
	stages    []*stage
	sites     sites
	addresses Addresses

	log      *feed.Log
	backlogs backlogs
	awaited  awaited
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
	for _, name := range []string{partMySQL, partBroker, partMail, partShop} {
		d.board.add(name, feed.PartServer, starting)
	}
	for _, name := range d.stageNames() {
		d.board.add(name, feed.PartStage, starting)
	}
	d.following, d.stopFollow = context.WithCancel(context.Background())
	return d
}

// start brings everything up. The shop takes its first request only when the
// reader's position is fixed: on the first start that is the server's newest
// transaction, and what the shop wrote before it would never be told.
func (d *demo) start(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		d.startServers, d.openSites, d.setUp, d.startWatching, d.buildShop, d.startStages, d.serve,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// setUp makes the accounts, unpacks the rules and writes the configuration of
// the stages.
func (d *demo) setUp(ctx context.Context) error {
	dir, err := d.unpackRules()
	if err != nil {
		return err
	}
	rules, err := feed.ReadRules(os.DirFS(dir))
	if err != nil {
		return err
	}
	d.log.SetRules(rules)
	d.install, err = install.Prepare(ctx, install.Options{
		Binary: d.Binary, Dir: d.dir.path, Rules: dir,
		MySQL: d.addresses.MySQL, Brokers: d.addresses.Brokers, SMTP: d.addresses.SMTP,
	})
	if err != nil {
		return err
	}
	if d.ledger, err = openDB(d.install.DSNs.Consumers); err != nil {
		return fmt.Errorf("open the consumers' database: %w", err)
	}
	if d.shell, err = openDB(d.install.DSNs.Shell); err != nil {
		return fmt.Errorf("open the shop's database: %w", err)
	}
	d.shell.SetMaxIdleConns(-1) // A session ends with its request.
	return nil
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

func (d *demo) buildShop(ctx context.Context) (err error) {
	env := Env{DSNs: d.install.DSNs, Page: d.addresses.Page, Logger: d.Logger, Registry: d.registry}
	if d.app, err = d.Build(ctx, env); err != nil {
		return fmt.Errorf("build the demo: %w", err)
	}
	return nil
}

// startWatching starts what fills the log.
func (d *demo) startWatching(context.Context) error {
	d.follow.Go(d.watchTopics)
	d.follow.Go(d.watchMySQL)
	if d.History != nil {
		d.follow.Go(d.watchHistory)
	}
	d.follow.Go(d.watchLag)
	return nil
}

// watchTopics fills the log from the topics.
func (d *demo) watchTopics() {
	err := feed.Watch(d.following, feed.WatchOptions{
		Kafka:     d.kafka(),
		Changes:   rawTopics(),
		Events:    []string{"events."},
		Positions: Source + ".positions",
		Position:  d.backlogs.setPosition,
		Newest:    keptOffsets,
		Sink:      sink{d.log, &d.backlogs, &d.awaited},
		CaughtUp: func() {
			d.addPast()
			close(d.caughtUp)
		},
	})
	if err != nil {
		d.fail(err)
	}
}

// rawTopics are the prefixes of the topics of row changes: one a table, and one for
// the tables of each customer, product and order that are routed together.
func rawTopics() []string {
	return []string{Source + "." + shopDatabase + ".", Source + ".customer", Source + ".product", Source + ".order"}
}

func (d *demo) kafka() kafkaclient.Config {
	return kafkaclient.Config{Brokers: d.addresses.Brokers, Logger: d.Logger}
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
	errs := []error{d.sites.stopPages(), d.stopStages(), d.sites.stopOps()}
	if d.app.Close != nil {
		d.noteClose("shop", d.app.Close())
	}
	d.stopFollow()
	errs = append(errs, within(stopFeed, "the page's reader of the topics", func() error { d.follow.Wait(); return nil }))
	for name, db := range map[string]*sql.DB{"shell": d.shell, "ledger": d.ledger} {
		if db != nil {
			d.noteClose(name, db.Close())
		}
	}
	return errors.Join(append(errs, d.stopServers(all))...)
}

// noteClose notes what became of ending connections to MySQL. Where that fails,
// nothing is lost: an idle one may be to a server that was started again since.
func (d *demo) noteClose(name string, err error) {
	if err != nil {
		d.Logger.Debug("end idle connections", "database", name, "error", err)
	}
}

// say prints a line for the person who started the demo.
func (d *demo) say(format string, args ...any) {
	// A terminal that is gone is no reason to end.
	_, _ = fmt.Fprintf(d.Stdout, format+"\n", args...)
}

// within waits for a stop that knows no deadline of its own.
func within(limit time.Duration, name string, stop func() error) error {
	done := make(chan error, 1)
	go func() { done <- stop() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return fmt.Errorf("%s did not stop within %s", name, limit)
	}
}
