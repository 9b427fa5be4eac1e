package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"telltale/internal/demo/feed"
	"telltale/internal/kafkaserver"
	"telltale/internal/mysqlserver"
	"telltale/internal/smtpserver"
)

// The parts that are servers, as they are shown and asked for.
const (
	partMySQL  = "MySQL"
	partBroker = "broker"
	partMail   = "mail server"
	partShop   = "shop"
)

const (
	// shopDatabase is the application's database.
	shopDatabase = "shop"
	// keptOffsets is how far back in each partition the page reads at its start.
	keptOffsets = 500
	// lookUpTime bounds how long a mail waits to be told apart.
	lookUpTime = time.Second
	// portAttempts is how often a server is started on another port when
	// somebody took its port first.
	portAttempts = 5
	// stopMySQL is how long MySQL may take to stop before it is started again; it
	// is killed then, which costs it a recovery.
	stopMySQL = 4 * time.Second
)

// servers are what the pipeline stands on. Each can be stopped and started
// again, on its old port and data, while the rest runs.
type servers struct {
	mu      sync.Mutex
	mysql   *mysqlserver.Server
	broker  *kafkaserver.Server
	smtp    *smtpserver.Server // Nil while it is down.
	mailbox *mailbox

	mysqlOptions  mysqlserver.Options
	brokerOptions kafkaserver.Options
}

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
	if err := d.checkServer(); err != nil {
		return err
	}
	binary, err := mysqlserver.Find(ctx, mysqlserver.FindOptions{Flavor: d.Server, Tools: d.Tools, Progress: progress})
	if err != nil {
		return err
	}
	d.servers.mysqlOptions = mysqlserver.Options{
		Binary: binary, Dir: d.dir.file(string(d.Server)), Settings: d.MySQLSettings, Progress: progress,
	}
	err = d.onPort("MySQL", d.Ports.MySQL, func(port int) error {
		d.servers.mysqlOptions.Port = port
		return d.bootMySQL(ctx)
	})
	if err != nil {
		return err
	}
	d.addresses.MySQL = d.servers.mysql.DSN("")
	d.say("%-11s %s on %s", "MySQL", binary.Version, d.servers.mysql.Addr())
	return nil
}

// checkServer refuses a directory whose data are those of the other kind of
// server: the broker's records beside them tell of it.
func (d *demo) checkServer() error {
	for _, other := range []mysqlserver.Flavor{mysqlserver.MySQL, mysqlserver.MariaDB} {
		if other == d.Server {
			continue
		}
		if _, err := os.Stat(d.dir.file(string(other))); err == nil {
			return fmt.Errorf("the data in %s are those of --server %s; wipe them with --fresh, or give this demo a directory of its own with --dir", d.dir.path, other)
		}
	}
	return nil
}

// bootMySQL starts the server as before.
func (d *demo) bootMySQL(ctx context.Context) error {
	server, err := mysqlserver.Start(ctx, d.servers.mysqlOptions)
	if err != nil {
		d.board.set(partMySQL, failed, err.Error())
		return err
	}
	d.servers.mysql = server
	d.board.set(partMySQL, running, "")
	return nil
}

// restartMySQL stops the server, which waits for those who read its binlog and so
// seldom ends in time, and starts it again.
func (d *demo) restartMySQL(ctx context.Context) error {
	d.servers.mu.Lock()
	defer d.servers.mu.Unlock()
	d.restarting(partMySQL)
	stop, cancel := context.WithTimeout(ctx, stopMySQL)
	defer cancel()
	if err := d.servers.mysql.Stop(stop); err != nil {
		d.Logger.Warn("MySQL was killed to start it again", "error", err)
	}
	return d.bootMySQL(ctx)
}

// watchMySQL starts the server again when it ended by itself. One that does not
// come back ends the demo.
func (d *demo) watchMySQL() {
	for {
		server := d.currentMySQL()
		select {
		case <-d.following.Done():
			return
		case <-server.Done():
		}
		if d.currentMySQL() != server { // It was started again on demand.
			continue
		}
		d.board.set(partMySQL, failed, fmt.Sprintf("the server ended: %v; its log is %s", server.Err(), server.LogPath()))
		select {
		case <-d.following.Done():
			return
		case <-time.After(firstPause):
		}
		if err := d.reviveMySQL(server); err != nil && d.following.Err() == nil {
			d.fail(err)
			return
		}
	}
}

func (d *demo) currentMySQL() *mysqlserver.Server {
	d.servers.mu.Lock()
	defer d.servers.mu.Unlock()
	return d.servers.mysql
}

// reviveMySQL starts the server again unless somebody else did.
func (d *demo) reviveMySQL(ended *mysqlserver.Server) error {
	d.servers.mu.Lock()
	defer d.servers.mu.Unlock()
	if d.servers.mysql != ended {
		return nil
	}
	d.restarting(partMySQL)
	return d.bootMySQL(d.following)
}

func (d *demo) startBroker(context.Context) error {
	err := d.onPort("broker", d.Ports.Kafka, func(port int) error {
		d.servers.brokerOptions = kafkaserver.Options{Dir: d.dir.file("kafka"), Port: port, Logger: d.Logger}
		return d.bootBroker()
	})
	if err != nil {
		return err
	}
	d.addresses.Brokers = d.servers.broker.Brokers()
	d.say("%-11s on %s", "broker", d.addresses.Brokers)
	return nil
}

func (d *demo) bootBroker() error {
	broker, err := kafkaserver.Start(d.servers.brokerOptions)
	if err != nil {
		d.board.set(partBroker, failed, err.Error())
		return err
	}
	d.servers.broker = broker
	d.board.set(partBroker, running, "")
	return nil
}

func (d *demo) restartBroker() error {
	d.servers.mu.Lock()
	defer d.servers.mu.Unlock()
	d.restarting(partBroker)
	d.servers.broker.Close()
	return d.bootBroker()
}

// restarting shows that a server is stopped and started again.
func (d *demo) restarting(part string) {
	d.board.update(part, func(p *feed.Part) {
		p.State, p.Reason, p.Restarts = starting, "it is started again", p.Restarts+1
	})
}

// stopServers stops what the pipeline stood on.
func (d *demo) stopServers(ctx context.Context) error {
	s := &d.servers
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	if s.smtp != nil {
		errs = append(errs, within(stopMail, "the mail server", s.smtp.Close))
	}
	if s.mailbox != nil {
		errs = append(errs, s.mailbox.close())
	}
	if s.broker != nil {
		errs = append(errs, within(stopBroker, "the broker", func() error { s.broker.Close(); return nil }))
	}
	if s.mysql != nil {
		errs = append(errs, s.mysql.Stop(ctx))
	}
	return errors.Join(errs...)
}

// onPort starts a server on the preferred port or on another that is free, and
// says so. Somebody may take the port before the server does.
func (d *demo) onPort(name string, preferred int, start func(port int) error) error {
	for attempt := 1; ; attempt++ {
		port, err := freePort(preferred)
		if err != nil {
			return err
		}
		err = start(port)
		if errors.Is(err, syscall.EADDRINUSE) && attempt < portAttempts {
			continue
		}
		if err == nil && preferred != 0 && port != preferred {
			d.say("%-11s port %d is taken, using %d", name, preferred, port)
		}
		return err
	}
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
