package tour

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/demo/account"
	"telltale/internal/demo/feed"
	"telltale/internal/kafkaclient"
	"telltale/internal/mysqlserver"
	"telltale/internal/smtpserver"
)

const (
	// readyTime bounds how long a child takes until it works. A successor of a
	// killed pipeline first waits for its group sessions to end.
	readyTime = time.Minute
	// stopTime is what a child may take to stop in order.
	stopTime = 10 * time.Second
)

// WorldOptions are what the tour plays on.
type WorldOptions struct {
	// Binary is telltale's binary.
	Binary string
	// Dir gets the configuration and the logs of the children.
	Dir string
	// Rules is the directory of the rule files.
	Rules string
	// MySQL, Brokers and SMTP are the servers, as new.
	MySQL   *mysqlserver.Server
	Brokers string
	SMTP    *smtpserver.Server
}

// World is a shop and a pipeline that run, and what was seen of them.
type World struct {
	WorldOptions
	dsns      account.DSNs
	shell     *sql.DB
	consumers *sql.DB
	shopAddr  string
	file      string
	shop, run *process
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
		WorldOptions: o, file: filepath.Join(o.Dir, "telltale.yaml"), seen: newRecorder(),
		unsubscribe: func() {}, stopWatch: func() {}, mailEvents: map[string]string{},
	}
	for _, step := range []func(context.Context) error{w.prepare, w.migrate, w.startPipeline, w.watch, w.startShop} {
		if err := step(ctx); err != nil {
			return w, err
		}
	}
	return w, nil
}

// prepare makes the accounts and the configuration.
func (w *World) prepare(ctx context.Context) (err error) {
	if w.dsns, err = account.Create(ctx, w.MySQL.DSN("")); err != nil {
		return err
	}
	if w.shell, err = sql.Open("mysql", w.dsns.Shell); err != nil {
		return fmt.Errorf("open a SQL shell: %w", err)
	}
	if w.consumers, err = sql.Open("mysql", w.dsns.Consumers); err != nil {
		return fmt.Errorf("open the consumers' database: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a port for the shop: %w", err)
	}
	w.shopAddr = l.Addr().String()
	if err := l.Close(); err != nil {
		return fmt.Errorf("find a port for the shop: %w", err)
	}
	return w.writeConfig(w.file)
}

// start starts a child with the configuration; it serves no metrics, so that
// no port is in the way of a successor.
func (w *World) start(name string, args ...string) (*process, error) {
	args = append(args, "--config", w.file)
	return startProcess(w.Binary, filepath.Join(w.Dir, name+".log"), args...)
}

// migrate makes the shop's tables, before the reader looks for them.
func (w *World) migrate(ctx context.Context) error {
	p, err := w.start("migrate", "crudapp", "migrate")
	if err != nil {
		return err
	}
	select {
	case <-p.done:
		return p.outcome()
	case <-ctx.Done():
		p.kill()
		return context.Cause(ctx)
	}
}

// startPipeline starts binlog, translator and consumers and waits until the
// reader's position is fixed: what changes from then on is told.
func (w *World) startPipeline(ctx context.Context) (err error) {
	if w.run, err = w.start("run", "run", "--ops-listen="); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return w.run.await(ctx, w.positioned)
}

func (w *World) positioned(ctx context.Context) bool {
	found := false
	err := kafkaclient.ReadToEnd(ctx, w.kafka(), source+".positions", func(m *kafka.Message) error {
		found = found || string(m.Key) == source
		return nil
	})
	return err == nil && found
}

// startShop starts the shop and waits until it answers.
func (w *World) startShop(ctx context.Context) (err error) {
	if w.shop, err = w.start("crudapp", "crudapp", "--ops-listen="); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return w.shop.await(ctx, func(ctx context.Context) bool {
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

func (w *World) shopURL() string { return "http://" + w.shopAddr }

func (w *World) kafka() kafkaclient.Config { return kafkaclient.Config{Brokers: w.Brokers} }

// watch records what a read_committed reader sees and what the mail server took.
func (w *World) watch(ctx context.Context) error {
	ctx, w.stopWatch = context.WithCancel(context.WithoutCancel(ctx))
	w.unsubscribe = w.SMTP.Subscribe(w.seen.addMail)
	ready := make(chan struct{})
	failed := make(chan struct{})
	w.watching.Go(func() {
		w.watchErr = feed.Watch(ctx, feed.WatchOptions{
			Kafka: w.kafka(), Changes: []string{source + ".shop."}, Events: []string{"events."}, Sink: w.seen,
			CaughtUp: func() { close(ready) },
		})
		close(failed)
	})
	select {
	case <-ready:
		return nil
	case <-failed:
		return w.watchErr
	}
}

// Close stops the children in order, then the watchers. It reports a child that
// did not end well.
func (w *World) Close() error {
	var errs []error
	for _, p := range []*process{w.shop, w.run} {
		if p != nil {
			errs = append(errs, p.stop(stopTime))
		}
	}
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

// alive is an error when a child or the reader has ended.
func (w *World) alive() error {
	for _, p := range []*process{w.shop, w.run} {
		select {
		case <-p.done:
			return errors.Join(fmt.Errorf("%v ended during the step", p.cmd.Args[1:]), p.outcome())
		default:
		}
	}
	return nil
}

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
