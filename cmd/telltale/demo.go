package main

import (
	"context"
	"math/rand/v2"
	"os"

	"github.com/spf13/cobra"

	"telltale/config"
	"telltale/config/rules"
	"telltale/crudapp"
	"telltale/crudapp/argon2id"
	"telltale/crudapp/mysql"
	"telltale/crudapp/web"
	"telltale/internal/demo"
	"telltale/internal/ops"
	"telltale/internal/tour"
)

// demoFlags are the flags of the demo, which reads no configuration.
type demoFlags struct {
	dir, tools  string
	fresh, tour bool
	seed        uint64
}

func newDemoCommand(e env) *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run everything in one process, with a page to click in and watch",
		Long: "Run a private MySQL, an embedded broker, a mail server, the shop and the pipeline in one process,\n" +
			"and a page to click in and watch. With --tour, play a script instead, check each step and end.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.tour && (f.fresh || cmd.Flags().Changed("dir")) {
				return usagef(cmd, "--tour has a directory of its own: leave out --dir and --fresh")
			}
			if !f.tour && cmd.Flags().Changed("seed") {
				return usagef(cmd, "--seed is for --tour")
			}
			if f.tour {
				return runTour(cmd, e, f)
			}
			return demo.Run(cmd.Context(), demo.Options{
				Dir: f.dir, Fresh: f.fresh, Tools: f.tools, Ports: demo.PreferredPorts(),
				Rules: rules.Files, Build: buildDemo, Stdout: e.stdout,
				Logger: newLogger(e.stderr, config.Log{Level: "warn"}),
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "dir", ".telltale", "directory of the demo's data, which survives a restart")
	flags.BoolVar(&f.fresh, "fresh", false, "wipe the data first")
	flags.StringVar(&f.tools, "tools", ".tools", "directory that a MySQL server is fetched into where there is none")
	flags.BoolVar(&f.tour, "tour", false, "play the story on a throw-away directory, check each step and end")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of the tour's random moments (default: a random one, which is printed)")
	return cmd
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
		Binary: binary, Tools: f.tools, Rules: rules.Files, Seed: f.seed, Stdout: e.stdout,
	})
}

// buildDemo makes the shop and the stages as their own commands do. Each stage
// has a health of its own, which the page shows beside its name.
//
//	Env ──► config.Config ──► process ─┬─► binlog
//	                                   ├─► translator
//	                                   └─► consumers
//	    ──► mysql.Store ──► crudapp.Accounts ──► web.Handler
func buildDemo(ctx context.Context, e demo.Env) (demo.App, error) {
	store, err := mysql.Open(ctx, e.Shop, nil)
	if err != nil {
		return demo.App{}, err
	}
	if err := store.Migrate(ctx); err != nil {
		return demo.App{Close: store.Close}, err
	}
	app := demo.App{
		Close: store.Close,
		Shop: web.New(web.Options{
			Accounts:        crudapp.NewAccounts(crudapp.AccountsOptions{Store: store, Passwords: argon2id.New(argon2id.Options{})}),
			Logger:          e.Logger.With("component", string(config.StageCRUDApp)),
			InsecureCookies: true, FrameAncestors: []string{e.Page}, Registerer: e.Registry,
		}),
	}
	app.Stages, err = demoStages(e)
	return app, err
}

func demoStages(e demo.Env) ([]demo.Stage, error) {
	// A process of its own for each stage, but for what is registered and logged.
	own := func() *process {
		return &process{
			Effective: config.Effective{Config: demoConfig(e)},
			logger:    e.Logger, registry: e.Registry, health: ops.NewHealth(),
		}
	}
	stage := func(p *process, a actor) demo.Stage {
		return demo.Stage{Name: a.name, Run: a.run, Health: p.health}
	}
	reader, translator, consumers := own(), own(), own()
	stages := []demo.Stage{stage(reader, reader.binlogActor()), stage(translator, translator.translatorActor())}
	stages[0].Await = true
	actors, err := consumers.consumerActors(consumerNames())
	for _, a := range actors {
		stages = append(stages, stage(consumers, a))
	}
	return stages, err
}

// demoConfig is the configuration that a person would write for the demo.
func demoConfig(e demo.Env) config.Config {
	c := config.Default(config.StageBinlog, config.StageTranslator, config.StageConsumers)
	c.Source.Name, c.Source.DSN = e.Source, e.Binlog
	c.Source.Tables = []string{"shop.*"}
	c.Source.ExcludeTables = []string{"shop.sessions", "shop.goose_db_version"}
	c.Source.Columns = []config.ColumnRule{{Match: "*.password_hash", Do: "deny"}}
	c.Kafka.Brokers = e.Brokers
	c.Translator.Rules = e.Rules
	c.Consumers.Database.DSN = e.Consumers
	c.Consumers.SMTP = config.SMTP{Addr: e.SMTP, From: "Corner Shop <shop@example.com>", TLS: "none"}
	return c
}
