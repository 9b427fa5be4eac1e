package faults

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqllink"
)

// Source is the MySQL server of a world, and the reader's way to it.
type Source struct {
	Server *mysqlserver.Server
	Link   *mysqllink.Link
}

// silence is for how long a connection or a server says nothing: longer than the
// reader waits for a sign of life.
const silence = 12 * time.Second

// sourceFaults are what is done to the MySQL server and to the reader's way to it.
// binlog's tests do the same in seconds, and kill the server too.
func sourceFaults() []Fault {
	return []Fault{
		{
			Name:   "the MySQL server hangs up",
			Doc:    "All the time the reader's connection for the binlog was killed on the server, about every quarter of a second.",
			Long:   true,
			Inject: hangUp,
		},
		{
			Name: "cuts inside of transactions",
			Doc: "All the time the reader's connections were reset, and the next one for the binlog again after so many bytes as a few events have, " +
				"wherever they ended.",
			Long:   true,
			Inject: cutStreams,
		},
		{
			Name:   "a slow link",
			Doc:    "What the server sent came 20 ms late a piece, and at 256 KiB/s.",
			Long:   true,
			Inject: slowLink,
		},
		{
			Name:   "binlog files that change all the time",
			Doc:    "FLUSH BINARY LOGS, about every 25 ms.",
			Long:   true,
			Inject: rotate,
		},
		{
			Name:   "a half-open connection",
			Doc:    "At a random moment all of the reader's connections to the server began to swallow what was sent, and were never closed.",
			Long:   true,
			Inject: halfOpen,
		},
		{
			Name:   "SIGSTOP of the MySQL server",
			Doc:    fmt.Sprintf("The server was stopped in its tracks (SIGSTOP) at a random moment, for %v, and woken up.", silence),
			Long:   true,
			Inject: pauseServer,
		},
	}
}

// repeat does something after each of random pauses that are pause long on the
// average.
func repeat(ctx context.Context, random *rand.Rand, during, pause time.Duration, do func(context.Context) error) error {
	for end := time.Now().Add(during); time.Now().Before(end); {
		if err := wait(ctx, time.Duration(random.Int64N(int64(2*pause)))); err != nil {
			return err
		}
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// asRoot hands a pool on the source's server to do.
func (w *World) asRoot(do func(*sql.DB) error) error {
	db, err := sql.Open("mysql", w.MySQL)
	if err != nil {
		return fmt.Errorf("open the MySQL server: %w", err)
	}
	defer db.Close()
	return do(db)
}

func hangUp(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	defer w.stage(Binlog).harm()
	killed, looked := 0, error(nil)
	err := w.asRoot(func(db *sql.DB) error {
		return repeat(ctx, random, during, 250*time.Millisecond, func(ctx context.Context) error {
			var ids []int
			if ids, looked = dumps(ctx, db); looked != nil {
				return nil // The next look may be a better one.
			}
			for _, id := range ids {
				_, _ = db.ExecContext(ctx, fmt.Sprintf("KILL %d", id)) // It may be gone by now.
			}
			killed += len(ids)
			return nil
		})
	})
	if err == nil && killed == 0 {
		err = errors.Join(errors.New("no connection of the reader's was there to be killed"), looked)
	}
	return err
}

// dumps are the connections that ask for the binlog. MySQL fails to list a statement
// with bytes that are no text, which the load's sign-ins are for a moment.
func dumps(ctx context.Context, db *sql.DB) (ids []int, err error) {
	rows, err := db.QueryContext(ctx, "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'")
	if err != nil {
		return nil, fmt.Errorf("look for the reader's connection: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("look for the reader's connection: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func cutStreams(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	defer w.stage(Binlog).harm()
	defer w.Source.Link.Heal()
	return repeat(ctx, random, during, 500*time.Millisecond, func(context.Context) error {
		w.Source.Link.CutStream(1 + random.Int64N(16<<10))
		w.Source.Link.Cut()
		return nil
	})
}

func slowLink(ctx context.Context, w *World, _ *rand.Rand, during time.Duration) error {
	defer w.stage(Binlog).harm()
	defer w.Source.Link.Heal()
	w.Source.Link.Slow(mysqllink.Pace{Delay: 20 * time.Millisecond, BytesPerSecond: 256 << 10})
	return wait(ctx, during)
}

func rotate(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	defer w.stage(Binlog).harm()
	return w.asRoot(func(db *sql.DB) error {
		return repeat(ctx, random, during, 25*time.Millisecond, func(ctx context.Context) error {
			if _, err := db.ExecContext(ctx, "FLUSH BINARY LOGS"); err != nil {
				return fmt.Errorf("begin a new binlog file: %w", err)
			}
			return nil
		})
	})
}

func halfOpen(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	if err := wait(ctx, time.Duration(random.Int64N(int64(during)))); err != nil {
		return err
	}
	w.Source.Link.Swallow()
	w.Source.Link.Heal()
	w.stage(Binlog).harm()
	return nil
}

func pauseServer(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	if err := wait(ctx, time.Duration(random.Int64N(int64(during)))); err != nil {
		return err
	}
	if err := w.Source.Server.Pause(); err != nil {
		return err
	}
	err := wait(ctx, silence)
	if resumed := w.Source.Server.Resume(); resumed != nil {
		return resumed
	}
	for _, s := range w.Stages {
		s.harm()
	}
	return err
}
