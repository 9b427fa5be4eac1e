package demo

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/demo/account"
	"telltale/internal/install"
	"telltale/internal/mysqlserver"
)

// Source is the name of the demo's source; its raw topics begin with it.
const Source = install.Source

// Options say where the demo keeps its data and what it runs.
type Options struct {
	// Dir keeps everything that survives a restart. It is created where it is
	// missing; one that holds anything but a demo's data is refused. Required.
	Dir string
	// Fresh wipes Dir first.
	Fresh bool
	// Server is which database server. A directory keeps the one that it began
	// with. Default MySQL.
	Server mysqlserver.Flavor
	// Tools is where a fetched server is kept. Required.
	Tools string
	// Binary is telltale's binary, whose commands are the stages. Required.
	Binary string
	// Consumers are the names of the consumers to run.
	Consumers []string
	// Ports are the preferred ports. The zero value takes any free ones.
	Ports Ports
	// MySQLSettings are settings of mysqld, "name=value", after the demo's own.
	MySQLSettings []string
	// Rules are the rule files for the translator; they are unpacked into Dir at
	// every start. Required.
	Rules fs.FS
	// Build makes the shop for the servers that run. Required.
	Build func(context.Context, Env) (App, error)
	// History reads what the consumer of that name wrote. Nil: nobody reads it.
	History History
	// Stdout gets the progress and the address to open. Nil drops them.
	Stdout io.Writer
	// StageLog gets what the stages log, each line after the stage's name, from
	// several goroutines. Nil drops it.
	StageLog io.Writer
	// Logger gets the lifecycle and what goes wrong. Nil drops it.
	Logger *slog.Logger
	// Started is called with the demo's addresses when everything runs. Nil:
	// nobody asks.
	Started func(Addresses)
}

func (o Options) withDefaults() (Options, error) {
	o.Server = cmp.Or(o.Server, mysqlserver.MySQL)
	if o.Dir == "" || o.Tools == "" || o.Binary == "" || o.Rules == nil || o.Build == nil {
		return o, errors.New("demo: a data directory, a tools directory, the binary, rules and what to run must be given")
	}
	o.Stdout = cmp.Or[io.Writer](o.Stdout, io.Discard)
	o.StageLog = cmp.Or[io.Writer](o.StageLog, io.Discard)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Started == nil {
		o.Started = func(Addresses) {}
	}
	return o, nil
}

// Env is what the shop finds when it is built.
type Env struct {
	account.DSNs
	// Page is the origin of the page, which shows the shop in a frame.
	Page string
	// Logger and Registry are for everything that is built.
	Logger   *slog.Logger
	Registry *prometheus.Registry
}

// App is what Build makes: the shop, with its database migrated.
type App struct {
	// Shop serves the application's pages and API.
	Shop http.Handler
	// Staff is who may use its pages for staff, as the demo tells whoever started it.
	Staff Login
	// Close releases what the shop holds, after its last request. Nil: nothing.
	Close func() error
}

// Login is what somebody signs in with.
type Login struct{ Email, Password string }

// Addresses are where a running demo is reached.
type Addresses struct {
	// Page, Shop, Elsewhere and Ops are origins, for example
	// "http://127.0.0.1:8080". Elsewhere is the shop once more, for visitors from
	// [ElsewhereAddr].
	Page, Shop, Elsewhere, Ops string
	Brokers, SMTP              string
	// MySQL is the root account's DSN.
	MySQL string
}

// Deadlines of the stop. MySQL, the last, has what the others left of stopAll.
const (
	stopAll    = 9500 * time.Millisecond
	stopPage   = 500 * time.Millisecond
	stopShop   = time.Second
	stopStage  = 1500 * time.Millisecond
	stopFeed   = 500 * time.Millisecond
	stopMail   = 500 * time.Millisecond
	stopBroker = time.Second
)
