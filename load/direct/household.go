package direct

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"telltale/load"
)

// signIn is a row of the sign-ins as the load knows it.
type signIn struct {
	ID         uint64 `json:"id"`
	CustomerID uint64 `json:"customer_id"`
	Address    string `json:"address"`
	UserAgent  string `json:"user_agent"`
	// At has microseconds and ends in Z.
	At string `json:"signed_in_at"`
}

// Layouts of a time in the record, of one without a zone there, and in a statement.
const (
	recordTime    = "2006-01-02T15:04:05.000000Z"
	civilTime     = "2006-01-02T15:04:05.000000"
	statementTime = "2006-01-02 15:04:05.000000"
)

func (t *transaction) signInOne(ctx context.Context) error { return t.signIn(ctx, t.pick()) }

// signIn opens a session, in a table whose rows are not recorded, and notes who
// signed in from where.
func (t *transaction) signIn(ctx context.Context, id uint64) error {
	o := t.request(id)
	at := t.moment()
	token := make([]byte, 32)
	for i := range 4 {
		binary.LittleEndian.PutUint64(token[8*i:], t.random.Uint64())
	}
	copy(token, t.run) // Another run with this seed draws the same.
	_, err := t.exec(ctx, 1, o, "INSERT INTO sessions (token_hash, customer_id, created_at, expires_at, last_seen_at) VALUES (?, ?, ?, ?, ?)",
		token, id, at.Format(statementTime), at.Add(time.Hour).Format(statementTime), at.Format(statementTime))
	if err != nil {
		return err
	}
	s := signIn{CustomerID: id, Address: t.network(), UserAgent: fmt.Sprintf("Agent/%d", t.random.IntN(3)), At: at.Format(recordTime)}
	s.ID, err = t.insert(ctx, 1, o, "INSERT INTO sign_ins (customer_id, address, user_agent, signed_in_at) VALUES (?, ?, ?, ?)",
		id, s.Address, s.UserAgent, at.Format(statementTime))
	if err != nil {
		return err
	}
	return t.created(o, ref{table: load.SignIns, id: s.ID}, customerRef(id), s)
}

// moment is one of the year 2026, to the microsecond.
func (t *transaction) moment() time.Time {
	return time.UnixMicro(1_767_225_600_000_000 + t.random.Int64N(20_000_000_000_000)).UTC()
}

// now is what the load writes where the shop writes the time: the record can tell it,
// which it could not of the server's.
func now() time.Time { return time.Now().UTC() }

// network is one of few addresses, so that customers come back to theirs.
func (t *transaction) network() string {
	if t.random.IntN(4) == 0 {
		return fmt.Sprintf("2001:db8::%x", 1+t.random.IntN(3))
	}
	return fmt.Sprintf("203.0.113.%d", 1+t.random.IntN(4))
}

// arrive registers a worker's first customers and puts her products on the shelves.
func (t *transaction) arrive(ctx context.Context) error {
	if t.target.Customers > 0 {
		if _, err := t.register(ctx, t.target.Customers, origin{}); err != nil {
			return err
		}
	}
	if t.target.Products <= 0 {
		return nil
	}
	if err := t.findCategories(ctx); err != nil {
		return err
	}
	for range t.target.Products {
		if err := t.addProduct(ctx); err != nil {
			return err
		}
	}
	return nil
}

// household renames a customer, registers another, signs both in, and renames
// the first again.
func (t *transaction) household(ctx context.Context) error {
	id := t.pick()
	if err := t.update(ctx, edit{name: t.unique("Zaphod"), version: true}, t.request(id), id); err != nil {
		return err
	}
	born, err := t.register(ctx, 1, t.request(id))
	if err != nil {
		return err
	}
	for _, who := range []uint64{born[0], id} {
		if err := t.signIn(ctx, who); err != nil {
			return err
		}
	}
	return t.update(ctx, edit{name: t.unique("Trillian"), version: true}, origin{}, id)
}

// savepoint takes back the middle of a transaction.
func (t *transaction) savepoint(ctx context.Context) error {
	id := t.pick()
	if err := t.update(ctx, edit{name: t.unique("before"), version: true}, t.request(id), id); err != nil {
		return err
	}
	if err := t.command(ctx, "SAVEPOINT middle"); err != nil {
		return err
	}
	changes, fresh := slices.Clone(t.changes), t.fresh.clone()
	if err := t.update(ctx, edit{name: t.unique("taken back")}, origin{}, t.picks(2)...); err != nil {
		return err
	}
	if err := t.signIn(ctx, id); err != nil {
		return err
	}
	if err := t.command(ctx, "ROLLBACK TO SAVEPOINT middle"); err != nil {
		return err
	}
	t.changes, t.fresh = changes, fresh
	return t.update(ctx, edit{phone: fmt.Sprintf("+47 22 %d", t.random.IntN(1_000_000)), version: true}, t.request(id), id)
}
