package tour

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"telltale/internal/mysqlserver"
)

// ErrFailed is returned when a step was not exactly so. What was not is in the
// output.
var ErrFailed = errors.New("the tour failed")

// Options say how the tour is made.
type Options struct {
	// Binary is telltale's binary, which runs as the tour's children. Required.
	Binary string
	// Server is which database server. Default MySQL.
	Server mysqlserver.Flavor
	// Tools is where a fetched server is kept. Required.
	Tools string
	// Rules are the rule files. Required.
	Rules fs.FS
	// Seed decides the random moments of step 6.
	Seed uint64
	// Stdout gets the report. Nil drops it.
	Stdout io.Writer
}

// Run plays the whole story on servers of its own, in a directory that it
// throws away; the directory of a tour that failed stays, and is named. The
// report's last line is "tour: N steps passed, M failed"; with M above 0 the
// error is ErrFailed. A tour that ctx stopped says that, and not what it was
// about to do.
func Run(ctx context.Context, o Options) error {
	err := run(ctx, o)
	if ctx.Err() != nil {
		return fmt.Errorf("the tour was stopped: %w", context.Cause(ctx))
	}
	return err
}

func run(ctx context.Context, o Options) (err error) {
	o.Stdout = cmp.Or[io.Writer](o.Stdout, io.Discard)
	dir, err := os.MkdirTemp("", "telltale-tour-")
	if err != nil {
		return fmt.Errorf("make the tour's directory: %w", err)
	}
	defer func() {
		if err == nil || ctx.Err() != nil { // Nobody looks into a tour that was stopped.
			err = errors.Join(err, os.RemoveAll(dir))
			return
		}
		_, _ = fmt.Fprintf(o.Stdout, "logs and data of the tour: %s\n", dir)
	}()
	log, err := os.Create(filepath.Join(dir, "servers.log"))
	if err != nil {
		return fmt.Errorf("open the log of the tour's servers: %w", err)
	}
	defer log.Close()
	// They warn of children that were killed, which is nothing to worry about.
	servers, err := startServers(ctx, o, dir, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		return errors.Join(err, servers.Stop())
	}
	passed, failed, err := play(ctx, o, WorldOptions{
		Binary: o.Binary, Dir: dir, Rules: filepath.Join(dir, "rules"), Servers: servers,
	})
	if err = errors.Join(err, servers.Stop()); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(o.Stdout, "\ntour: %d steps passed, %d failed\n", passed, failed)
	if failed > 0 {
		return ErrFailed
	}
	return nil
}

// play plays all steps, also after one that failed.
func play(ctx context.Context, o Options, wo WorldOptions) (passed, failed int, err error) {
	w, err := Open(ctx, wo)
	defer func() { err = errors.Join(err, w.Close()) }()
	if err != nil {
		return 0, 0, err
	}
	story := NewStory(w, StoryOptions{Seed: o.Seed, Stdout: o.Stdout})
	for _, step := range Steps() {
		if err := story.Play(ctx, step); err != nil {
			failed++
		} else {
			passed++
		}
		if ctx.Err() != nil {
			return passed, failed, context.Cause(ctx)
		}
	}
	return passed, failed, nil
}

func startServers(ctx context.Context, o Options, dir string, logger *slog.Logger) (*Servers, error) {
	if err := os.CopyFS(filepath.Join(dir, "rules"), o.Rules); err != nil {
		return &Servers{}, fmt.Errorf("unpack the rules: %w", err)
	}
	progress := func(line string) { _, _ = fmt.Fprintln(o.Stdout, line) }
	binary, err := mysqlserver.Find(ctx, mysqlserver.FindOptions{Flavor: o.Server, Tools: o.Tools, Progress: progress})
	if err != nil {
		return &Servers{}, err
	}
	return StartServers(ctx, ServersOptions{Dir: dir, MySQL: binary, Log: logger, Progress: progress})
}
