package tour

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"telltale/internal/kafkaserver"
	"telltale/internal/mysqlserver"
	"telltale/internal/smtpserver"
)

// serverStopTime is what each server may take to stop in order.
const serverStopTime = 30 * time.Second

// ServersOptions say what the tour's children reach.
type ServersOptions struct {
	// Dir gets the servers' data. It must exist.
	Dir string
	// MySQL is the server program.
	MySQL mysqlserver.Binary
	// Broker starts a broker on what is in dir, on port; 0 takes a free one.
	// Default: [EmbeddedBroker].
	Broker func(ctx context.Context, dir string, port int) (Broker, error)
	// Log gets the warnings of servers in this process; nil drops them.
	Log *slog.Logger
	// Progress gets a line for each long step. Nil drops them.
	Progress func(string)
}

// Broker is a running Kafka broker.
type Broker interface {
	// Brokers is its address.
	Brokers() string
	// Stop ends it in order.
	Stop(ctx context.Context) error
}

// Servers are what the tour holds while its children come and go.
type Servers struct {
	options ServersOptions
	mysql   *mysqlserver.Server
	broker  Broker
	smtp    *smtpserver.Server
}

// StartServers starts all servers. Stop them in any case.
func StartServers(ctx context.Context, o ServersOptions) (*Servers, error) {
	if o.Broker == nil {
		o.Broker = EmbeddedBroker(o.Log)
	}
	s := &Servers{options: o}
	err := s.start(ctx, 0, 0)
	if err != nil {
		return s, err
	}
	s.smtp, err = smtpserver.Start(smtpserver.Options{Log: o.Log})
	return s, err
}

func (s *Servers) start(ctx context.Context, mysqlPort, brokerPort int) (err error) {
	s.mysql, err = mysqlserver.Start(ctx, mysqlserver.Options{
		Binary: s.options.MySQL, Dir: filepath.Join(s.options.Dir, "mysql"), Port: mysqlPort, Progress: s.options.Progress,
	})
	if err != nil {
		return err
	}
	s.broker, err = s.options.Broker(ctx, filepath.Join(s.options.Dir, "kafka"), brokerPort)
	return err
}

// Restart stops MySQL and the broker in order and starts them again where they
// were. The mail server is the mailbox, and stays.
func (s *Servers) Restart(ctx context.Context) error {
	mysqlPort, err := port(s.mysql.Addr())
	if err != nil {
		return err
	}
	brokerPort, err := port(s.broker.Brokers())
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	return s.start(ctx, mysqlPort, brokerPort)
}

func port(addr string) (int, error) {
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, fmt.Errorf("find the port of a server: %w", err)
	}
	return strconv.Atoi(text)
}

// stop stops MySQL and the broker where they run.
func (s *Servers) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), serverStopTime)
	defer cancel()
	var errs []error
	if s.broker != nil {
		errs = append(errs, s.broker.Stop(ctx))
	}
	if s.mysql != nil {
		errs = append(errs, s.mysql.Stop(ctx))
	}
	s.broker, s.mysql = nil, nil
	return errors.Join(errs...)
}

// Stop stops what was started.
func (s *Servers) Stop() error {
	var err error
	if s.smtp != nil {
		err = s.smtp.Close()
	}
	return errors.Join(err, s.stop())
}

// EmbeddedBroker starts the broker of the demo.
func EmbeddedBroker(log *slog.Logger) func(context.Context, string, int) (Broker, error) {
	return func(_ context.Context, dir string, port int) (Broker, error) {
		server, err := kafkaserver.Start(kafkaserver.Options{Dir: dir, Port: port, Logger: log})
		if err != nil {
			return nil, err
		}
		return embedded{server}, nil
	}
}

type embedded struct{ *kafkaserver.Server }

// Stop implements Broker.
func (e embedded) Stop(context.Context) error {
	e.Close()
	return nil
}
