package tour

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	_ "github.com/go-sql-driver/mysql" // The driver that sql.Open needs by name.

	"telltale/internal/demo/feed"
	"telltale/internal/install"
)

const (
	// readyTime bounds how long a child takes until it works. A successor of a
	// killed pipeline first waits for its group sessions to end.
	readyTime = time.Minute
	// stopTime is what a child may take to stop in order.
	stopTime = 10 * time.Second
	// idleConns is how many connections to a database are kept.
	idleConns = 2
)

// WorldOptions are what the tour plays on.
type WorldOptions struct {
	// Binary is telltale's binary.
	Binary string
	// Dir gets the configuration and the logs of the children.
	Dir string
	// Rules is the directory of the rule files.
	Rules string
	// Servers are what they reach, as new.
	Servers *Servers
}

// World is a shop and a pipeline that run, and what was seen of them.
type World struct {
	WorldOptions
	install   *install.Install
	shell     *sql.DB
	consumers *sql.DB
	shop, run *install.Process
	seen      *recorder
	// unsubscribe, stopWatch and watching end and await the watchers.
	unsubscribe func()
	stopWatch   context.CancelFunc
	watching    sync.WaitGroup
	watchErr    error
	// mailEvents is of which event a mail came, by message id, as far as asked.
	mailEvents map[string]string
	// markers counts the markers made.
	markers int
}

// Open starts the shop and the pipeline and waits until both work. Close the
// world in any case.
func Open(ctx context.Context, o WorldOptions) (*World, error) {
	w := &World{
		WorldOptions: o, seen: newRecorder(),
		unsubscribe: func() {}, stopWatch: func() {}, mailEvents: map[string]string{},
	}
	for _, step := range []func(context.Context) error{w.prepare, w.startPipeline, w.watch, w.startShop} {
		if err := step(ctx); err != nil {
			return w, err
		}
	}
	return w, nil
}

// prepare makes the accounts, the configuration and the shop's tables.
func (w *World) prepare(ctx context.Context) (err error) {
	w.install, err = install.New(ctx, install.Options{
		Binary: w.Binary, Dir: w.Dir, Rules: w.Rules,
		MySQL: w.Servers.mysql.DSN(""), Brokers: w.Servers.broker.Brokers(), SMTP: w.Servers.smtp.Addr(),
	})
	if err != nil {
		return err
	}
	if w.shell, err = sql.Open("mysql", w.install.DSNs.Shell); err != nil {
		return fmt.Errorf("open a SQL shell: %w", err)
	}
	if w.consumers, err = sql.Open("mysql", w.install.DSNs.Consumers); err != nil {
		return fmt.Errorf("open the consumers' database: %w", err)
	}
	return nil
}

// startPipeline starts binlog, translator and consumers and waits until the
// reader's position is fixed: what changes from then on is told.
func (w *World) startPipeline(ctx context.Context) (err error) {
	// Without metrics no port is in the way of a successor.
	if w.run, err = w.install.Start("run", "run", "--ops-listen="); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return w.run.Await(ctx, w.install.Positioned)
}

// startShop starts the shop and waits until it answers.
func (w *World) startShop(ctx context.Context) (err error) {
	if w.shop, err = w.install.Start("crudapp", "crudapp", "--ops-listen="); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return w.shop.Await(ctx, func(ctx context.Context) bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.shopURL()+"/", nil)
		if err != nil {
			return false
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	})
}

func (w *World) shopURL() string { return "http://" + w.install.ShopAddr }

// watch records what a read_committed reader sees and what the mail server took.
func (w *World) watch(ctx context.Context) error {
	watched, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stopWatch = stop
	w.unsubscribe = w.Servers.smtp.Subscribe(w.seen.addMail)
	ready := make(chan struct{})
	failed := make(chan struct{})
	w.watching.Go(func() {
		w.watchErr = feed.Watch(watched, feed.WatchOptions{
			Kafka: w.install.Kafka(), Sink: w.seen,
			Changes: []string{install.Source + ".shop.", install.Source + ".customer"}, Events: []string{"events."},
			CaughtUp: func() { close(ready) },
		})
		close(failed)
	})
	select {
	case <-ready:
		return nil
	case <-failed:
		return w.watchErr
	case <-ctx.Done():
		return fmt.Errorf("wait for the topics: %w", context.Cause(ctx))
	}
}

// Close stops the children in order, then the watchers. It reports a child that
// did not end well.
func (w *World) Close() error {
	errs := []error{w.stopChildren()}
	w.unsubscribe()
	w.stopWatch()
	w.watching.Wait()
	errs = append(errs, w.watchErr)
	for _, db := range []*sql.DB{w.shell, w.consumers} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// restart stops everything in order, the servers too, and starts it again.
func (w *World) restart(ctx context.Context) error {
	if err := w.stopChildren(); err != nil {
		return err
	}
	for _, db := range []*sql.DB{w.shell, w.consumers} {
		db.SetMaxIdleConns(0) // The driver complains of connections that end while they wait.
		defer db.SetMaxIdleConns(idleConns)
	}
	if err := w.Servers.Restart(ctx); err != nil {
		return err
	}
	if err := w.startPipeline(ctx); err != nil {
		return err
	}
	return w.startShop(ctx)
}

func (w *World) stopChildren() error { return errors.Join(stop(w.shop), stop(w.run)) }

// stop stops a child in order; nil has not been started.
func stop(p *install.Process) error {
	if p == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return p.Stop(ctx)
}

// look returns what was seen of a customer so far, and a channel that is closed
// when anything more is seen.
func (w *World) look(ctx context.Context, customer uint64) (Seen, <-chan struct{}, error) {
	s, more := w.seen.look()
	for _, m := range s.mails {
		if w.mailEvents[m.MessageID] != "" {
			continue
		}
		event, err := feed.EventOf(ctx, w.consumers, m.MessageID)
		if err != nil {
			return Seen{}, nil, err
		}
		if event == "" {
			return Seen{}, nil, fmt.Errorf("the mail %s to %v is not in the ledger", m.MessageID, m.To)
		}
		w.mailEvents[m.MessageID] = event
	}
	return s.of(customer, w.mailEvents), more, nil
}

// alive is an error when a child has ended.
func (w *World) alive() error { return errors.Join(w.shop.Alive(), w.run.Alive()) }

// await polls what was seen of a customer until done says so.
func (w *World) await(ctx context.Context, customer uint64, what string, done func(Seen) bool) (Seen, error) {
	for {
		seen, more, err := w.look(ctx, customer)
		if err != nil || done(seen) {
			return seen, err
		}
		select {
		case <-more:
		case <-time.After(100 * time.Millisecond):
			if err := w.alive(); err != nil {
				return seen, err
			}
		case <-ctx.Done():
			return seen, fmt.Errorf("wait for %s of customer %d: %w; seen so far: %s", what, customer, context.Cause(ctx), seen)
		}
	}
}

// field is one field of an event's data, as text.
func field(e feed.Event, name string) string {
	var data map[string]any
	if json.Unmarshal(e.Data, &data) != nil {
		return ""
	}
	text, _ := data[name].(string)
	return text
}
