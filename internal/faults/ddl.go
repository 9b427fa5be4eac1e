package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"telltale/load"
	"telltale/load/direct"
)

// alterations is how often a round alters its table.
const alterations = 40

// Alterations is a storm of DDL between the rows of one table.
func Alterations() Fault {
	return Fault{
		Name: "a storm of DDL",
		Doc: "A table was altered 40 times between its rows: columns were added, dropped, renamed, moved and given another type, and the table was exchanged for a copy as gh-ost does it. " +
			"Each row was published once, with the values under the names that they had when it was inserted.",
		Long:   true,
		Inject: alter,
	}
}

// alter puts a second load beside the first, which does nothing but DDL, on a table
// of its own.
func alter(ctx context.Context, w *World, random *rand.Rand, _ time.Duration) error {
	target, err := direct.Open(ctx, direct.Options{DSN: w.DSNs.Shop, Customers: -1, Products: -1})
	if err != nil {
		return err
	}
	var record bytes.Buffer
	l, err := load.Open(ctx, load.Options{Seed: random.Uint64(), Workers: 1, Rate: 1000, Mix: "ddl=1", Record: &record}, target)
	if err == nil {
		err = l.Run(ctx, load.Span{Transactions: alterations})
	}
	if err := errors.Join(err, l.Close(), context.Cause(ctx)); err != nil {
		return err
	}
	table, want, err := insertedBetween(&record)
	if err != nil {
		return err
	}
	return w.awaitRows(ctx, table, want)
}

// insertedBetween are the rows that a load inserted between its alterations, and
// where. The copies that it exchanged the table for have names and topics of their
// own.
func insertedBetween(record io.Reader) (string, rows, error) {
	r, inserted, name := load.NewRecordReader(record), rows{}, ""
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return name, inserted, nil
		}
		if err != nil {
			return "", nil, err
		}
		for _, c := range e.Changes {
			if strings.HasSuffix(c.Table, direct.GhostSuffix) {
				continue
			}
			var row map[string]int
			if err := json.Unmarshal([]byte(c.After), &row); err != nil {
				return "", nil, fmt.Errorf("read a row of %s: %w", c.Table, err)
			}
			name, inserted[row["id"]] = c.Table, row
		}
	}
}
