package direct

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"telltale/load"
)

// origin is on whose behalf a statement runs; by hand where it is empty.
type origin struct{ actor, request string }

// comment is the statement's end, in the format of sqlcommenter.
func (o origin) comment() string {
	if o == (origin{}) {
		return ""
	}
	return fmt.Sprintf(" /*actor='%s',request_id='%s'*/", escape(o.actor), escape(o.request))
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// request is the origin of a statement that the shop runs for a customer.
func (t *transaction) request(customer uint64) origin {
	return origin{actor: fmt.Sprintf("customer:%d", customer), request: t.unique("request")}
}

// staff is the origin of a statement that the shop runs for its staff.
func (t *transaction) staff() origin { return origin{actor: "staff:1", request: t.unique("request")} }

// unique is a text that nothing else of the run has.
func (t *transaction) unique(what string) string {
	t.serial++
	return fmt.Sprintf("%s %d.%d", what, t.step.N, t.serial)
}

// email is an address that nobody else has, where nobody can be reached.
func (t *transaction) email() string {
	t.serial++
	return fmt.Sprintf("%s.%d.%d@load.example", t.run, t.step.N, t.serial)
}

// row is the row as it is for this transaction, nil where it is gone.
func (t *transaction) row(r ref) any {
	row, ok := t.fresh.row[r]
	if !ok {
		row = t.committed.row[r]
	}
	if row == (gone{}) {
		return nil
	}
	return row
}

// owned are the rows of a table that belong to another row.
func (t *transaction) owned(owner ref, table string) []ref {
	all := slices.Concat(t.committed.own[owner], t.fresh.own[owner])
	return slices.DeleteFunc(all, func(r ref) bool { return r.table != table || t.row(r) == nil })
}

// created notes a row that was inserted and whose it is.
func (t *transaction) created(o origin, r, owner ref, row any) error {
	t.fresh.row[r] = row
	if owner != (ref{}) {
		t.fresh.own[owner] = append(t.fresh.own[owner], r)
	}
	return t.note(o, r.table, nil, row)
}

// changed notes a row that was updated.
func (t *transaction) changed(o origin, r ref, row any) error {
	before := t.row(r)
	t.fresh.row[r] = row
	return t.note(o, r.table, before, row)
}

// deleted notes a row that was deleted.
func (t *transaction) deleted(o origin, r ref) error {
	before := t.row(r)
	t.fresh.row[r] = gone{}
	return t.note(o, r.table, before, nil)
}

// note is for rows that the worker does not keep.
func (t *transaction) note(o origin, table string, before, after any) error {
	c, err := load.NewChange(table, before, after)
	if err != nil {
		return err
	}
	c.Actor, c.Request = o.actor, o.request
	t.changes = append(t.changes, c)
	return nil
}

// command runs a statement that changes no row.
func (w *worker) command(ctx context.Context, statement string) error {
	if _, err := w.conn.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// exec runs a statement that must change so many rows.
func (t *transaction) exec(ctx context.Context, want int, o origin, statement string, args ...any) (sql.Result, error) {
	statement += o.comment()
	result, err := t.conn.ExecContext(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", statement, err)
	}
	got, err := result.RowsAffected()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", statement, err)
	}
	if got != int64(want) {
		return nil, fmt.Errorf("%s with %v: %d rows changed, want %d", statement, args, got, want)
	}
	return result, nil
}

// insert runs a statement that inserts so many rows and returns the id of the first.
func (t *transaction) insert(ctx context.Context, want int, o origin, statement string, args ...any) (uint64, error) {
	result, err := t.exec(ctx, want, o, statement, args...)
	if err != nil {
		return 0, err
	}
	// The ids of one statement are consecutive from the one that is told.
	id, err := result.LastInsertId()
	if err != nil {
		return 0, fmt.Errorf("%s: read the new id: %w", statement, err)
	}
	return uint64(id), nil
}
