package load

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// transaction is what a writer is doing. Its rows stand before the writer's
// until it is kept or forgotten.
type transaction struct {
	*writer
	changes []owned
	rows    map[uint64]Customer
	signIns map[uint64][]SignIn
	deleted map[uint64]bool
	born    []uint64
}

// owned is a change and whose it is.
type owned struct {
	customer uint64
	change   Change
}

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

// unique is a text that nobody else makes.
func (w *writer) unique(what string) string {
	w.serial++
	return fmt.Sprintf("%s %d.%d", what, w.n, w.serial)
}

func (w *writer) email() string {
	w.serial++
	return fmt.Sprintf("c%d.%d@example.com", w.n, w.serial)
}

func (t *transaction) customer(id uint64) Customer {
	if c, ok := t.rows[id]; ok {
		return c
	}
	return t.writer.rows[id]
}

// command runs a statement that changes no row.
func (w *writer) command(ctx context.Context, statement string) error {
	if _, err := w.conn.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// exec runs a statement that must change so many rows.
func (t *transaction) exec(ctx context.Context, want int, statement string, args ...any) (sql.Result, error) {
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

func (t *transaction) note(customer uint64, o origin, table, op string, before, after any) {
	t.changes = append(t.changes, owned{customer, Change{
		Table: table, Op: op, Before: before, After: after, Actor: o.actor, Request: o.request,
	}})
}

// register inserts customers by one statement.
func (t *transaction) register(ctx context.Context, count int, o origin) ([]uint64, error) {
	var values []string
	var args []any
	var born []Customer
	for range count {
		c := Customer{Email: t.email(), Name: t.unique("Zoë"), Version: 1}
		values = append(values, "(?, ?, 'no hash', UTC_TIMESTAMP(6))")
		args, born = append(args, c.Email, c.Name), append(born, c)
	}
	statement := "INSERT INTO customers (email, name, password_hash, created_at) VALUES " + strings.Join(values, ", ") + o.comment()
	result, err := t.exec(ctx, count, statement, args...)
	if err != nil {
		return nil, err
	}
	// The ids of one statement are consecutive from the one that is told.
	first, err := result.LastInsertId()
	if err != nil {
		return nil, fmt.Errorf("read the ids of %d new customers: %w", count, err)
	}
	var ids []uint64
	for i, c := range born {
		c.ID = uint64(first) + uint64(i)
		t.rows[c.ID] = c
		ids = append(ids, c.ID)
		t.note(c.ID, o, Customers, "c", nil, c)
	}
	t.born = append(t.born, ids...)
	return ids, nil
}

// edit is what an update sets.
type edit struct {
	name, email string
	// phone is a number, or "NULL".
	phone string
	// version counts up, as the shop does; touched changes a column that means
	// nothing to the business.
	version, touched bool
}

// update changes customers by one statement.
func (t *transaction) update(ctx context.Context, e edit, o origin, ids ...uint64) error {
	var sets []string
	var args []any
	set := func(when bool, what string, values ...any) {
		if when {
			sets, args = append(sets, what), append(args, values...)
		}
	}
	set(e.name != "", "name = ?", e.name)
	set(e.email != "", "email = ?", e.email)
	set(e.phone != "" && e.phone != "NULL", "phone = ?", e.phone)
	set(e.phone == "NULL", "phone = NULL")
	set(e.version, "version = version + 1")
	set(e.touched, "updated_at = updated_at + INTERVAL 1 SECOND")
	for _, id := range ids {
		args = append(args, id)
	}
	changed := 0
	for _, id := range ids {
		before := t.customer(id)
		after := e.of(before)
		if after == before && !e.touched {
			continue // The server logs nothing.
		}
		changed++
		t.rows[id] = after
		t.note(id, o, Customers, "u", before, after)
	}
	statement := "UPDATE customers SET " + strings.Join(sets, ", ") + " WHERE id IN (?" + strings.Repeat(", ?", len(ids)-1) + ")" + o.comment()
	_, err := t.exec(ctx, changed, statement, args...)
	return err
}

func (e edit) of(c Customer) Customer {
	if e.name != "" {
		c.Name = e.name
	}
	if e.email != "" {
		c.Email = e.email
	}
	switch e.phone {
	case "":
	case "NULL":
		c.Phone = ""
	default:
		c.Phone = e.phone
	}
	if e.version {
		c.Version++
	}
	return c
}

// signIn opens a session, in a table that is not published, and notes who
// signed in from where.
func (t *transaction) signIn(ctx context.Context, id uint64) error {
	o := t.request(id)
	s := SignIn{CustomerID: id, Address: t.address(), UserAgent: "Agent/" + fmt.Sprint(t.random.IntN(3))}
	at := time.UnixMicro(1_767_225_600_000_000 + t.random.Int64N(20_000_000_000_000)).UTC()
	s.At = at.Format("2006-01-02T15:04:05.000000Z")
	token := make([]byte, 32)
	for i := range 4 {
		binary.LittleEndian.PutUint64(token[8*i:], t.random.Uint64())
	}
	const day = "2006-01-02 15:04:05.000000"
	_, err := t.exec(ctx, 1, "INSERT INTO sessions (token_hash, customer_id, created_at, expires_at, last_seen_at) VALUES (?, ?, ?, ?, ?)"+o.comment(),
		token, id, at.Format(day), at.Add(time.Hour).Format(day), at.Format(day))
	if err != nil {
		return err
	}
	result, err := t.exec(ctx, 1, "INSERT INTO sign_ins (customer_id, address, user_agent, signed_in_at) VALUES (?, ?, ?, ?)"+o.comment(),
		id, s.Address, s.UserAgent, at.Format(day))
	if err != nil {
		return err
	}
	n, err := result.LastInsertId()
	if err != nil {
		return fmt.Errorf("read the id of a sign-in of customer %d: %w", id, err)
	}
	s.ID = uint64(n)
	t.signIns[id] = append(slices.Clone(t.signInsOf(id)), s)
	t.note(id, o, SignIns, "c", nil, s)
	return nil
}

func (t *transaction) signInsOf(id uint64) []SignIn {
	if s, ok := t.signIns[id]; ok {
		return s
	}
	return t.writer.signIns[id]
}

// address is one of few, so that customers come back to theirs.
func (t *transaction) address() string {
	if t.random.IntN(4) == 0 {
		return fmt.Sprintf("2001:db8::%x", 1+t.random.IntN(3))
	}
	return fmt.Sprintf("203.0.113.%d", 1+t.random.IntN(4))
}

// remove deletes a customer with all that belongs to her, by hand.
func (t *transaction) remove(ctx context.Context, id uint64) error {
	if _, err := t.conn.ExecContext(ctx, "DELETE FROM sessions WHERE customer_id = ?", id); err != nil {
		return fmt.Errorf("delete the sessions of customer %d: %w", id, err)
	}
	signIns := t.signInsOf(id)
	if _, err := t.exec(ctx, len(signIns), "DELETE FROM sign_ins WHERE customer_id = ? ORDER BY id", id); err != nil {
		return err
	}
	for _, s := range signIns {
		t.note(id, origin{}, SignIns, "d", s, nil)
	}
	if _, err := t.exec(ctx, 1, "DELETE FROM customers WHERE id = ?", id); err != nil {
		return err
	}
	t.note(id, origin{}, Customers, "d", t.customer(id), nil)
	t.deleted[id] = true
	return nil
}
