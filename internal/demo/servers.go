package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"telltale/internal/demo/account"
	"telltale/internal/demo/feed"
	"telltale/internal/demo/page"
	"telltale/internal/kafkaserver"
	"telltale/internal/mysqlserver"
	"telltale/internal/ops"
	"telltale/internal/smtpserver"
)

const (
	// shopDatabase is the application's database.
	shopDatabase = "shop"
	// keptOffsets is how far back in each partition the page reads at its start.
	keptOffsets = 500
	// lookUpTime bounds how long a mail waits to be told apart.
	lookUpTime = time.Second
)

// startServers starts what the pipeline stands on.
func (d *demo) startServers(ctx context.Context) error {
	for _, start := range []func(context.Context) error{d.startMySQL, d.startBroker, d.startMail} {
		if err := start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) startMySQL(ctx context.Context) error {
	progress := func(line string) { d.say("%-11s %s", "MySQL", line) }
	binary, err := mysqlserver.Find(ctx, mysqlserver.FindOptions{Tools: d.Tools, Progress: progress})
	if err != nil {
		return err
	}
	port, err := d.port("MySQL", d.Ports.MySQL)
	if err != nil {
		return err
	}
	d.mysql, err = mysqlserver.Start(ctx, mysqlserver.Options{
		Binary: binary, Dir: d.dir.file("mysql"), Port: port, Settings: d.MySQLSettings, Progress: progress,
	})
	if err != nil {
		return err
	}
	d.addresses.MySQL = d.mysql.DSN("")
	d.board.set("MySQL", running, "")
	d.say("%-11s %s on %s", "MySQL", binary.Version, d.mysql.Addr())
	return nil
}

func (d *demo) startBroker(context.Context) error {
	port, err := d.port("broker", d.Ports.Kafka)
	if err != nil {
		return err
	}
	d.broker, err = kafkaserver.Start(kafkaserver.Options{Dir: d.dir.file("kafka"), Port: port, Logger: d.Logger})
	if err != nil {
		return err
	}
	d.addresses.Brokers = d.broker.Brokers()
	d.board.set("broker", running, "")
	d.say("%-11s on %s", "broker", d.broker.Brokers())
	return nil
}

// startMail starts the mail server and fills the page's mailbox.
func (d *demo) startMail(context.Context) error {
	var old []feed.Mail
	var err error
	if d.mailbox, old, err = openMailbox(d.dir.file("mails.jsonl")); err != nil {
		return err
	}
	for _, m := range old {
		d.log.AddMail(m)
	}
	port, err := d.port("mail server", d.Ports.SMTP)
	if err != nil {
		return err
	}
	d.smtp, err = smtpserver.Start(smtpserver.Options{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Log: d.Logger})
	if err != nil {
		return err
	}
	d.smtp.Subscribe(d.takeMail)
	d.addresses.SMTP = d.smtp.Addr()
	d.board.set("mail server", running, "")
	d.say("%-11s on %s", "mail server", d.smtp.Addr())
	return nil
}

// takeMail keeps a mail and shows it beside the event that it came of.
func (d *demo) takeMail(m smtpserver.Mail) {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpTime)
	defer cancel()
	event, err := feed.EventOf(ctx, d.ledger, m.MessageID)
	if err != nil {
		d.Logger.Warn("a mail is shown without its event", "message_id", m.MessageID, "error", err)
	}
	mail := feed.Mail{MessageID: m.MessageID, From: m.From, To: m.To, Subject: m.Subject, Body: m.Body, At: m.At, Event: event}
	d.mailbox.add(mail)
	d.log.AddMail(mail)
}

// port finds a free port and says so when it is not the preferred one.
func (d *demo) port(name string, preferred int) (int, error) {
	port, err := freePort(preferred)
	if err == nil && preferred != 0 && port != preferred {
		d.say("%-11s port %d is taken, using %d", name, preferred, port)
	}
	return port, err
}

// env makes the accounts and gathers what the stages and the shop need.
func (d *demo) env(ctx context.Context) (Env, error) {
	dsns, err := account.Create(ctx, d.mysql.DSN(""))
	if err != nil {
		return Env{}, err
	}
	if d.ledger, err = sql.Open("mysql", dsns.Consumers); err != nil {
		return Env{}, fmt.Errorf("open the consumers' database: %w", err)
	}
	if d.shell, err = sql.Open("mysql", dsns.Shell); err != nil {
		return Env{}, fmt.Errorf("open the shop's database: %w", err)
	}
	d.shell.SetMaxIdleConns(-1) // A session ends with its request.
	rules, err := d.unpackRules()
	if err != nil {
		return Env{}, err
	}
	return Env{
		DSNs: dsns, Source: Source, Brokers: d.broker.Brokers(), SMTP: d.smtp.Addr(), Rules: rules,
		Page: d.addresses.Page, Logger: d.Logger, Registry: d.registry,
	}, nil
}

// sites are the listeners of what browsers reach, before anything serves there.
type sites struct{ page, shop, ops net.Listener }

func (d *demo) openSites() (sites, error) {
	var s sites
	for _, one := range []struct {
		name      string
		preferred int
		listener  *net.Listener
		origin    *string
	}{
		{"page", d.Ports.Page, &s.page, &d.addresses.Page},
		{"shop", d.Ports.Shop, &s.shop, &d.addresses.Shop},
		{"metrics", d.Ports.Ops, &s.ops, &d.addresses.Ops},
	} {
		l, err := listen(one.preferred)
		if err != nil {
			return s, errors.Join(err, s.close())
		}
		*one.listener, *one.origin = l, "http://"+l.Addr().String()
		if port := l.Addr().(*net.TCPAddr).Port; one.preferred != 0 && port != one.preferred {
			d.say("%-11s port %d is taken, using %d", one.name, one.preferred, port)
		}
	}
	return s, nil
}

func (s sites) close() error {
	var errs []error
	for _, l := range []net.Listener{s.page, s.shop, s.ops} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

// serve opens the doors, the page's last: it shows the others.
func (d *demo) serve(ctx context.Context, s sites) error {
	select {
	case <-d.caughtUp:
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), s.close())
	}
	handler, err := page.New(page.Options{
		Log: d.log, Host: s.page.Addr().String(), Shop: d.addresses.Shop, SQL: d.shell, Logger: d.Logger,
	})
	if err != nil {
		return errors.Join(err, s.close())
	}
	d.ops = serve("metrics", s.ops, ops.Handler(d.registry, d.health), d.Logger, d.fail)
	d.shop = serve("shop", s.shop, d.app.Shop, d.Logger, d.failed("shop"))
	d.board.set("shop", running, "")
	d.page = serve("page", s.page, handler, d.Logger, d.fail)
	d.follow.Go(d.watchMySQL)
	d.say("%-11s on %s", "shop", d.addresses.Shop)
	d.say("%-11s on %s/metrics", "metrics", d.addresses.Ops)
	d.say("\nOpen %s/ in a browser. Ctrl-C stops.", d.addresses.Page)
	return nil
}

// watchMySQL ends the demo when its server is gone, as long as anything needs it.
func (d *demo) watchMySQL() {
	select {
	case <-d.following.Done():
	case <-d.mysql.Done():
		err := fmt.Errorf("the MySQL server ended; its log is %s", d.mysql.LogPath())
		d.failed("MySQL")(errors.Join(err, d.mysql.Err()))
	}
}

// stopServers stops what the pipeline stood on.
func (d *demo) stopServers(ctx context.Context) error {
	var errs []error
	if d.smtp != nil {
		errs = append(errs, within(stopMail, "the mail server", d.smtp.Close))
	}
	if d.mailbox != nil {
		errs = append(errs, d.mailbox.close())
	}
	for _, db := range []*sql.DB{d.shell, d.ledger} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if d.broker != nil {
		errs = append(errs, within(stopBroker, "the broker", func() error { d.broker.Close(); return nil }))
	}
	if d.mysql != nil {
		errs = append(errs, d.mysql.Stop(ctx))
	}
	return errors.Join(errs...)
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
