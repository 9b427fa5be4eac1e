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
	"telltale/internal/ops"
)

// Source is the name of the demo's source; its raw topics begin with it.
const Source = "shop"

// Options say where the demo keeps its data and what it runs.
type Options struct {
	// Dir keeps everything that survives a restart. It is created where it is
	// missing; one that holds anything but a demo's data is refused. Required.
	Dir string
	// Fresh wipes Dir first.
	Fresh bool
	// Tools is where a fetched MySQL server is kept. Required.
	Tools string
	// Ports are the preferred ports. The zero value takes any free ones.
	Ports Ports
	// MySQLSettings are settings of mysqld, "name=value", after the demo's own.
	MySQLSettings []string
	// Rules are the rule files for the translator; they are unpacked into Dir at
	// every start. Required.
	Rules fs.FS
	// Build makes the shop and the stages for the servers that run. Required.
	Build func(context.Context, Env) (App, error)
	// Stdout gets the progress and the address to open. Nil drops them.
	Stdout io.Writer
	// Logger gets the lifecycle and what goes wrong. Nil drops it.
	Logger *slog.Logger
	// Started is called with the demo's addresses when everything runs. Nil:
	// nobody asks.
	Started func(Addresses)
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" || o.Tools == "" || o.Rules == nil || o.Build == nil {
		return o, errors.New("demo: a data directory, a tools directory, rules and what to run must be given")
	}
	o.Stdout = cmp.Or[io.Writer](o.Stdout, io.Discard)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Started == nil {
		o.Started = func(Addresses) {}
	}
	return o, nil
}

// Env is what the shop and the stages find when they are built.
type Env struct {
	account.DSNs
	// Source is the source's name.
	Source string
	// Brokers is for bootstrap.servers.
	Brokers string
	// SMTP is the mail server's host:port. It speaks plain SMTP.
	SMTP string
	// Rules is the directory of the rule files.
	Rules string
	// Page is the origin of the page, which shows the shop in a frame.
	Page string
	// Logger and Registry are for everything that is built.
	Logger   *slog.Logger
	Registry *prometheus.Registry
}

// App is what Build makes: the shop, with its database migrated, and the stages.
type App struct {
	// Shop serves the application's pages and API.
	Shop http.Handler
	// Stages are started in this order and stopped in it, so that each stops
	// before the one that reads what it writes.
	Stages []Stage
	// Close releases what the shop holds, after its last request. Nil: nothing.
	Close func() error
}

// Stage is a part of the pipeline.
type Stage struct {
	// Name is shown to people, and is the part of Health that says whether the
	// stage as a whole can work.
	Name string
	// Run blocks until ctx is cancelled, when it returns nil after an orderly
	// stop. An error is one that the stage cannot mend by itself; it ends the
	// demo.
	Run func(ctx context.Context) error
	// Health says whether the stage can make progress. Required.
	Health *ops.Health
	// Await makes what comes after it wait until the stage clears the part of
	// its Health that has its name: the demo sets it before Run. A reader that
	// begins with what comes now must be there before the shop is.
	Await bool
}

// Addresses are where a running demo is reached.
type Addresses struct {
	// Page, Shop and Ops are origins, for example "http://127.0.0.1:8080".
	Page, Shop, Ops string
	Brokers, SMTP   string
	// MySQL is the root account's DSN.
	MySQL string
}

// Deadlines of the stop. MySQL, the last, has what the others left of stopAll.
const (
	stopAll    = 9500 * time.Millisecond
	stopPage   = 500 * time.Millisecond
	stopShop   = time.Second
	stopStage  = time.Second
	stopFeed   = 500 * time.Millisecond
	stopMail   = 500 * time.Millisecond
	stopBroker = time.Second
)
