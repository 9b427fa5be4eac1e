package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"

	"telltale/config"
	"telltale/internal/kafkaclient"
	"telltale/internal/ops"
	"telltale/internal/tracing"
)

// process is what the stages of one process share:
//
//	environment ──► *tracing.Tracing ──► collector, where one is named
//
//	config.Effective ──► *slog.Logger ──► stderr
//	        │
//	        └──────────► ops.listen ──► ops.Handler ─┬─► *prometheus.Registry ◄─┐
//	                                                 └─► *ops.Health ◄──────────┴─ stages
type process struct {
	config.Effective
	stdout   io.Writer
	logger   *slog.Logger
	registry *prometheus.Registry
	health   *ops.Health
	// encryption is how a stage's connections to MySQL are encrypted; none for one
	// that has no server or that does not encrypt.
	encryption map[config.Stage]*tls.Config
	// traces is nil where the environment asks for none.
	traces *tracing.Tracing
}

// runStages makes what the stages share, checks what they depend on, and runs those
// that build makes until the command's context ends or one of them does.
func runStages(cmd *cobra.Command, e env, share config.Options, build func(*process) ([]actor, error)) error {
	p, err := newProcess(cmd, e, share)
	if err != nil {
		return err
	}
	if err := p.openTraces(cmd.Context()); err != nil {
		return err
	}
	defer p.traces.Close()
	if err := p.preflight(cmd.Context(), share.Stages...); err != nil {
		return err
	}
	actors, err := build(p)
	if err != nil {
		return err
	}
	return p.run(cmd.Context(), actors...)
}

var errStarting = errors.New("starting")

// newProcess loads a share of the configuration and makes what its stages share.
func newProcess(cmd *cobra.Command, e env, share config.Options) (*process, error) {
	cfg, err := e.load(cmd, share)
	if err != nil {
		return nil, err
	}
	p := &process{
		Effective: cfg,
		stdout:    e.stdout,
		logger:    newLogger(e.stderr, cfg.Log),
		registry:  prometheus.NewRegistry(),
		health:    ops.NewHealth(),
	}
	if p.encryption, err = encryption(cfg.Config, share.Stages); err != nil {
		return nil, err
	}
	p.registry.MustRegister(
		p.health,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return p, nil
}

// openTraces opens what the caller closes when the last stage has ended.
func (p *process) openTraces(ctx context.Context) (err error) {
	p.traces, err = tracing.Open(ctx, tracing.Options{
		Version: version(), Console: p.stdout, Logger: p.logger.With("component", "tracing"), Registerer: p.registry,
	})
	return err
}

// newLogger returns a logger for a validated configuration.
func newLogger(w io.Writer, c config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	switch c.Level {
	case "debug":
		options.Level = slog.LevelDebug
	case "warn":
		options.Level = slog.LevelWarn
	case "error":
		options.Level = slog.LevelError
	}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// kafka is the client configuration of every stage.
func (p *process) kafka(stage config.Stage) kafkaclient.Config {
	return kafkaclient.Config{
		Brokers: p.Kafka.Brokers, Properties: p.Kafka.Properties, Logger: p.component(stage),
	}
}

func (p *process) component(stage config.Stage) *slog.Logger {
	return p.logger.With("component", string(stage))
}

// run runs the stages, and metrics and health beside them, until ctx ends or one of
// them does. The port of the latter is taken before any stage starts.
func (p *process) run(ctx context.Context, stages ...actor) error {
	if ctx.Err() != nil { // It was asked to stop before anything began.
		return nil
	}
	for _, s := range stages { // Before anybody can ask.
		if s.part != "" {
			p.health.Set(s.part, errStarting)
		}
	}
	actors := stages
	if addr := p.Ops.Listen; addr != "" {
		listener, err := listen(ctx, "ops.listen", addr)
		if err != nil {
			return err
		}
		server := &http.Server{Handler: ops.Handler(p.registry, p.health), ReadHeaderTimeout: 5 * time.Second}
		actors = append(actors, actor{name: "ops", run: func(ctx context.Context) error { return ops.Serve(ctx, server, listener) }})
		p.logger.Info("metrics and health are served", "address", listener.Addr().String())
	}
	stop := context.AfterFunc(ctx, func() { p.health.Set("process", errors.New("it is stopping")) })
	defer stop()
	return runGroup(ctx, stopWithin, actors...)
}
