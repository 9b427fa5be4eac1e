// Package direct puts a load on the shop's database by statements of its own, as
// the shop makes them and as an administrator types them.
//
// Each worker has one connection and customers of its own. It keeps their rows in
// memory as they were committed, so that each change's images are known without
// being read back. A commit whose answer was lost is read back under a lock.
package direct

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"telltale/load"
)

// isolation is the variable's name in MySQL, and in MariaDB, each of which reads
// the comment that is meant for it.
const isolation = "/*!80000 transaction_isolation */ /*M! tx_isolation */"

// Options say which database gets the load.
type Options struct {
	// DSN is an account that may read and write the rows of the shop, in
	// go-sql-driver's form, with the shop's database. The deed ddl needs the right to
	// create and alter tables too.
	DSN string
	// Customers is how many customers each worker begins with. Default 40; below 0
	// none, which is for ddl alone.
	Customers int
	// Products is how many products each worker puts on the shelves. Default 5; below
	// 0 none.
	Products int
	// Patience is how long a server that broke a connection is asked for another. The
	// transaction has vanished, or is read back where its commit was under way; so
	// that this can be told, each changes the version of a customer. Races and ddl,
	// which are several transactions, end the load. Default 0: all do.
	Patience time.Duration
}

// Target is the shop's database.
type Target struct {
	Options
	db *sql.DB

	mu sync.Mutex
	// products are those of all workers, in the order of their arrival.
	products []uint64
	ddl      *altered
}

// Open connects to the database and looks whether the shop's tables are there. The
// load that the target is handed to closes it.
func Open(ctx context.Context, o Options) (*Target, error) {
	if o.Customers == 0 {
		o.Customers = 40
	}
	if o.Products == 0 {
		o.Products = 5
	}
	cfg, err := mysql.ParseDSN(o.DSN)
	if err != nil {
		return nil, fmt.Errorf("parse the DSN, which looks like user:password@tcp(127.0.0.1:3306)/shop: %w", err)
	}
	if cfg.DBName == "" {
		return nil, fmt.Errorf("parse the DSN: it names no database; write …@tcp(%s)/shop", cfg.Addr)
	}
	cfg.InterpolateParams = true // One round trip a statement.
	cfg.MultiStatements = false
	cfg.ClientFoundRows = false // What counts is what changed.
	cfg.Logger = &mysql.NopLogger{}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	// Times are written as text in UTC, and without gap locks the workers are not
	// in each other's way.
	cfg.Params["time_zone"], cfg.Params[isolation] = "'+00:00'", "'READ-COMMITTED'"
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database at %s: %w", cfg.Addr, err)
	}
	t := &Target{Options: o, db: sql.OpenDB(connector), ddl: &altered{}}
	t.db.SetMaxIdleConns(maxIdle)
	if err := t.check(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("look at the database %s at %s as %s: %w", cfg.DBName, cfg.Addr, cfg.User, err), t.db.Close())
	}
	return t, nil
}

// maxIdle is how many connections are kept for the racers of several workers.
const maxIdle = 2 * racers

// errNoTable is MySQL's number for a table that is not there.
const errNoTable = 1146

// check reads no row of each table, which needs its columns and the right to.
func (t *Target) check(ctx context.Context) error {
	for _, table := range load.Tables() {
		query := "SELECT " + strings.Join(table.Names(), ", ") + " FROM " + table.Name + " WHERE FALSE"
		rows, err := t.db.QueryContext(ctx, query)
		if e, ok := errors.AsType[*mysql.MySQLError](err); ok && e.Number == errNoTable {
			return fmt.Errorf("it has no table %s; run `telltale crudapp migrate` for it first: %w", table.Name, err)
		}
		if err != nil {
			return err
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Name implements load.Target.
func (t *Target) Name() string { return "direct" }

// Deeds implements load.Target.
func (t *Target) Deeds() []load.Deed { return Deeds() }

// Deeds are what a load on a database can be made of.
func Deeds() []load.Deed {
	all := deeds()
	list := make([]load.Deed, len(all))
	for i, d := range all {
		list[i] = d.Deed
	}
	return list
}

// Open implements load.Target.
func (t *Target) Open(ctx context.Context, n int, run string) (load.Worker, error) {
	w := &worker{target: t, n: n, run: run, committed: newRows(), deeds: map[string]deed{}}
	for _, d := range append(deeds(), deed{Deed: load.Deed{Name: load.Arrive}, end: commit, do: (*transaction).arrive}) {
		w.deeds[d.Name] = d
	}
	return w, w.connect(ctx)
}

// Close implements load.Target.
func (t *Target) Close() error { return t.db.Close() }

// shelf are the products that workers have put there.
func (t *Target) shelf() []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.products
}

func (t *Target) putOnShelf(products ...uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.products = append(t.products, products...)
}
