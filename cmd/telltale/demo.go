package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace"

	"telltale/config"
	"telltale/config/rules"
	"telltale/consumers/history"
	"telltale/crudapp"
	"telltale/crudapp/argon2id"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/mysql"
	"telltale/crudapp/web"
	"telltale/internal/demo"
	"telltale/internal/demo/feed"
	"telltale/internal/mysqlserver"
	"telltale/internal/tour"
	"telltale/internal/tracing"
)

// shownHistory is how many rows of a customer's history the page shows at most.
const shownHistory = 1000

// demoFlags are the flags of the demo, which reads no configuration.
type demoFlags struct {
	dir, tools  string
	server      string
	fresh, tour bool
	seed        uint64
}

func newDemoCommand(e env) *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run everything here, with a page to click in and watch",
		Long: "Run a private MySQL or MariaDB, an embedded broker, a mail server, the shop, the pipeline and a page\n" +
			"to click in and watch. With --tour, play a script instead, check each step and end.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.tour && (f.fresh || cmd.Flags().Changed("dir")) {
				return usagef(cmd, "--tour has a directory of its own: leave out --dir and --fresh")
			}
			if !f.tour && cmd.Flags().Changed("seed") {
				return usagef(cmd, "--seed is for --tour")
			}
			if f.server != string(mysqlserver.MySQL) && f.server != string(mysqlserver.MariaDB) {
				return usagef(cmd, "--server %s: want mysql or mariadb", f.server)
			}
			if f.tour {
				return runTour(cmd, e, f)
			}
			return runDemo(cmd, e, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "dir", ".telltale", "directory of the demo's data, which survives a restart")
	flags.BoolVar(&f.fresh, "fresh", false, "wipe the data first")
	flags.StringVar(&f.tools, "tools", ".tools", "directory that a server is fetched into where there is none")
	flags.StringVar(&f.server, "server", string(mysqlserver.MySQL), "database server to run: mysql or mariadb")
	flags.BoolVar(&f.tour, "tour", false, "play the story on a throw-away directory, check each step and end")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of the tour's random moments (default: a random one, which is printed)")
	return cmd
}

func runDemo(cmd *cobra.Command, e env, f demoFlags) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	logger := newLogger(e.stderr, config.Log{Level: "warn"})
	// The shop's alone: the stages read the same variables by themselves.
	traces, err := tracing.Open(cmd.Context(), tracing.Options{Version: version(), Console: e.stdout, Logger: logger})
	if err != nil {
		return err
	}
	defer traces.Close()
	build := func(ctx context.Context, d demo.Env) (demo.App, error) {
		return buildDemo(ctx, d, traces.Provider(string(config.StageCRUDApp)))
	}
	return demo.Run(cmd.Context(), demo.Options{
		Dir: f.dir, Fresh: f.fresh, Server: mysqlserver.Flavor(f.server), Tools: f.tools, Ports: demo.PreferredPorts(),
		Binary: binary, Consumers: consumerNames(), Rules: rules.Files, Build: build, History: demoHistory{},
		Stdout: e.stdout, StageLog: e.stderr, Logger: logger,
	})
}

func runTour(cmd *cobra.Command, e env, f demoFlags) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed("seed") {
		f.seed = rand.Uint64()
	}
	return tour.Run(cmd.Context(), tour.Options{
		Binary: binary, Server: mysqlserver.Flavor(f.server), Tools: f.tools, Rules: rules.Files, Seed: f.seed, Stdout: e.stdout,
	})
}

// buildDemo makes the shop as its own command does. The stages are commands of
// this binary, which the demo starts.
//
//	Env ──► mysql.Store ──► crudapp.Accounts, catalogue.Catalogue … ──► web.Handler
func buildDemo(ctx context.Context, e demo.Env, traces trace.TracerProvider) (demo.App, error) {
	store, err := mysql.Open(ctx, e.Shop, nil)
	if err != nil {
		return demo.App{}, err
	}
	if err := store.Migrate(ctx); err != nil {
		return demo.App{Close: store.Close}, err
	}
	// Before the reader's first start, so that goods on the shelves are no news.
	if _, err := catalogue.New(catalogue.Options{Store: store}).Seed(crudapp.WithActor(ctx, "seed")); err != nil {
		return demo.App{Close: store.Close}, err
	}
	mary := demo.Login{Email: "mary@shop.example", Password: "seven loaves a day"}
	if err := employ(ctx, store, mary); err != nil {
		return demo.App{Close: store.Close}, err
	}
	return demo.App{
		Close: store.Close, Staff: mary,
		Shop: newShopHandler(store, demoShop(), web.Options{
			Logger:          e.Logger.With("component", string(config.StageCRUDApp)),
			InsecureCookies: true, FrameAncestors: []string{e.Page}, Registerer: e.Registry, Traces: traces,
		}),
	}, nil
}

// employ lets somebody into the staff pages, unless an earlier start did.
func employ(ctx context.Context, store *mysql.Store, l demo.Login) error {
	accounts := crudapp.NewStaffAccounts(crudapp.StaffOptions{Store: store, Passwords: argon2id.New(argon2id.Options{})})
	_, err := accounts.Add(crudapp.WithActor(ctx, "seed"), l.Email, "Mary", l.Password)
	if e, ok := errors.AsType[*crudapp.Error](err); ok && e.Fields[crudapp.FieldEmail] != "" {
		return nil
	}
	return err
}

// demoShop is a shop in which people can go through with an order, and no money moves.
func demoShop() config.CRUDApp {
	return config.CRUDApp{Country: crudapp.DefaultCountry, Payments: []string{config.PayByTransfer, config.PayByTestCard}}
}

// demoHistory reads what the consumer history wrote.
type demoHistory struct{}

// OfEvents implements demo.History.
func (demoHistory) OfEvents(ctx context.Context, db *sql.DB, events []string) ([]feed.Fact, error) {
	changes, err := history.OfEvents(ctx, db, events)
	return facts(changes), err
}

// Of implements demo.History.
func (demoHistory) Of(ctx context.Context, db *sql.DB, customer string) ([]feed.Fact, error) {
	changes, err := history.Of(ctx, db, customer, history.Page{Limit: shownHistory})
	return facts(changes), err
}

// facts are rows of the history as the page shows them.
func facts(changes []history.Change) []feed.Fact {
	list := make([]feed.Fact, len(changes))
	for i, c := range changes {
		list[i] = feed.Fact{
			ID: fmt.Sprintf("%s/%d", c.Customer, c.Number), Customer: c.Customer, Number: c.Number,
			Event: c.EventID, Type: c.Type, Field: c.What, Old: c.Old, New: c.New, At: c.At, Actor: c.Actor, Request: c.Request,
		}
	}
	return list
}
