// Command telltale tells what happened in the business from what changed in MySQL.
//
// It parses, wires and waits; each stage is a package that exports Run.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"telltale/internal/resident"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	exitStopped = 3 // The reader met something that it does not go past.
	exitRefused = 4 // The reader may not go on from its position, or with its topics.
)

// env is what a command sees of the world outside the process.
type env struct {
	// environ are environment variables as os.Environ returns them.
	environ []string
	// stdout gets what was asked for, stderr everything else: logs and errors.
	stdout, stderr io.Writer
	// limitMemory bounds what Go's runtime uses, in bytes, and shareArena has all
	// threads share what the C library does. Nil where the process is not the
	// command's own.
	limitMemory func(int64) int64
	shareArena  func()
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal finds the default handling again and ends the process at once.
	context.AfterFunc(ctx, stop)
	e := env{
		environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr,
		limitMemory: debug.SetMemoryLimit, shareArena: resident.ShareArena,
	}
	os.Exit(execute(ctx, e, os.Args[1:]))
}

// execute runs the command that args name and returns the exit status.
func execute(ctx context.Context, e env, args []string) int {
	root := newRoot(e)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	report(e.stderr, err)
	return status(err)
}
