// Package install sets Telltale up on given servers as its users do: accounts
// on the MySQL server, a configuration file, and the commands of the real
// binary as child processes. The demo, the tour and the tests with faults stand
// on it.
package install

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/go-sql-driver/mysql"

	"telltale/internal/childproc"
	"telltale/internal/demo/account"
	"telltale/internal/kafkaclient"
)

// Options say what is installed and where.
type Options struct {
	// Binary is telltale's binary.
	Binary string
	// Dir gets the configuration and the logs of the processes. It must exist.
	Dir string
	// Rules is the directory of the rule files.
	Rules string
	// MySQL is root's DSN of a server, without a database.
	MySQL string
	// Source is the address at which the reader reaches that server. Default: the
	// server's own.
	Source string
	// Delivery is source.delivery; empty is its default.
	Delivery string
	// Brokers and SMTP are the addresses of the other servers.
	Brokers, SMTP string
}

// Install is what was set up. Nothing of it runs by itself.
type Install struct {
	Options
	// DSNs are the accounts' ways to the server.
	DSNs account.DSNs
	// ShopAddr is where the shop will listen.
	ShopAddr string
	file     string
}

// New makes the accounts and the configuration, and the shop's tables, which
// the reader looks for at its start.
func New(ctx context.Context, o Options) (*Install, error) {
	i, err := Prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	return i, i.run(ctx, "migrate", "crudapp", "migrate")
}

// Prepare makes the accounts and the configuration, for a shop that makes its
// tables itself before the reader starts.
func Prepare(ctx context.Context, o Options) (*Install, error) {
	i := &Install{Options: o, file: filepath.Join(o.Dir, "telltale.yaml")}
	var err error
	if i.DSNs, err = account.Create(ctx, o.MySQL); err != nil {
		return nil, err
	}
	if o.Source != "" {
		if i.DSNs.Binlog, err = at(i.DSNs.Binlog, o.Source); err != nil {
			return nil, err
		}
	}
	port, err := childproc.FreePort(ctx, 0)
	if err != nil {
		return nil, fmt.Errorf("find a port for the shop: %w", err)
	}
	i.ShopAddr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return i, i.writeConfig()
}

// at is a DSN with another address.
func at(dsn, addr string) (string, error) {
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "", fmt.Errorf("parse the reader's DSN: %w", err)
	}
	c.Addr = addr
	return c.FormatDSN(), nil
}

// Kafka is how the topics are reached.
func (i *Install) Kafka() kafkaclient.Config { return kafkaclient.Config{Brokers: i.Brokers} }

// Positioned tells whether the reader's position is fixed: what is committed
// from then on is published.
func (i *Install) Positioned(ctx context.Context) bool {
	found := false
	err := kafkaclient.ReadToEnd(ctx, i.Kafka(), Source+".positions", func(m *kafka.Message) error {
		found = found || string(m.Key) == Source
		return nil
	})
	return err == nil && found
}

// run runs a command to its end.
func (i *Install) run(ctx context.Context, name string, args ...string) error {
	p, err := i.Start(name, args...)
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		return p.Outcome()
	case <-ctx.Done():
		return p.Stop(ctx)
	}
}
