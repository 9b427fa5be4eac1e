package direct

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"telltale/load"
)

// customer is a row of the customers as the load knows it.
type customer struct {
	ID      uint64        `json:"id"`
	Email   string        `json:"email"`
	Name    string        `json:"name"`
	Phone   load.Nullable `json:"phone"`
	Version uint32        `json:"version"`
}

func customerRef(id uint64) ref { return ref{table: load.Customers, id: id} }

func (t *transaction) customer(id uint64) customer { return t.row(customerRef(id)).(customer) }

// pick is one of the worker's customers; some are much more popular than others.
func (t *transaction) pick() uint64 {
	return t.customers[load.Popular(t.random, len(t.customers))]
}

// picks are some customers, each once, in the order of their ids.
func (t *transaction) picks(count int) []uint64 {
	var ids []uint64
	for range count {
		ids = append(ids, t.customers[t.random.IntN(len(t.customers))])
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// register inserts customers by one statement.
func (t *transaction) register(ctx context.Context, count int, o origin) ([]uint64, error) {
	var args []any
	born := make([]customer, count)
	for i := range born {
		born[i] = customer{Email: t.email(), Name: t.unique("Zoë"), Version: 1}
		args = append(args, born[i].Email, born[i].Name)
	}
	first, err := t.insert(ctx, count, o, "INSERT INTO customers (email, name, password_hash, created_at) VALUES "+
		strings.Repeat("(?, ?, 'no hash', UTC_TIMESTAMP(6)), ", count-1)+"(?, ?, 'no hash', UTC_TIMESTAMP(6))", args...)
	if err != nil {
		return nil, err
	}
	ids := make([]uint64, count)
	for i, c := range born {
		c.ID = first + uint64(i)
		ids[i] = c.ID
		if err := t.created(o, customerRef(c.ID), ref{}, c); err != nil {
			return nil, err
		}
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

func (e edit) of(c customer) customer {
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
		c.Phone = load.Nullable(e.phone)
	}
	if e.version {
		c.Version++
	}
	return c
}

// sets is what stands behind SET, with its arguments.
func (e edit) sets() (string, []any) {
	var sets []string
	var args []any
	add := func(when bool, what string, values ...any) {
		if when {
			sets, args = append(sets, what), append(args, values...)
		}
	}
	add(e.name != "", "name = ?", e.name)
	add(e.email != "", "email = ?", e.email)
	add(e.phone != "" && e.phone != "NULL", "phone = ?", e.phone)
	add(e.phone == "NULL", "phone = NULL")
	add(e.version, "version = version + 1")
	add(e.touched, "updated_at = updated_at + INTERVAL 1 SECOND")
	return strings.Join(sets, ", "), args
}

// update changes customers by one statement.
func (t *transaction) update(ctx context.Context, e edit, o origin, ids ...uint64) error {
	sets, args := e.sets()
	changed := 0
	for _, id := range ids {
		args = append(args, id)
		before := t.customer(id)
		after := e.of(before)
		if after == before && !e.touched {
			continue // The server logs nothing.
		}
		changed++
		if err := t.changed(o, customerRef(id), after); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, changed, o, "UPDATE customers SET "+sets+" WHERE id IN (?"+strings.Repeat(", ?", len(ids)-1)+")", args...)
	return err
}

// rename is what the shop's form does.
func (t *transaction) rename(ctx context.Context) error {
	id := t.pick()
	return t.update(ctx, edit{name: t.unique("Ann-Marie O'Neill"), version: true}, t.request(id), id)
}

func (t *transaction) registerOne(ctx context.Context) error {
	_, err := t.register(ctx, 1, origin{actor: "visitor", request: t.unique("request")})
	return err
}

func (t *transaction) registerSeveral(ctx context.Context) error {
	_, err := t.register(ctx, 2+t.random.IntN(4), origin{})
	return err
}

// form changes all that a form has, or gives up the phone number.
func (t *transaction) form(ctx context.Context) error {
	id := t.pick()
	e := edit{name: t.unique("陳 \\ \"Quote\""), version: true, phone: "NULL"}
	if t.customer(id).Phone == "" || t.random.IntN(3) > 0 {
		e.phone = fmt.Sprintf("+49 30 %d", t.random.IntN(10_000_000))
		e.email = t.email()
	}
	return t.update(ctx, e, t.request(id), id)
}

// byHand is an update in a SQL shell, which knows neither versions nor comments.
func (t *transaction) byHand(ctx context.Context) error {
	return t.update(ctx, edit{name: t.unique("Bobby'); DROP TABLE")}, origin{}, t.pick())
}

func (t *transaction) several(ctx context.Context) error {
	return t.update(ctx, edit{name: t.unique("Everybody")}, origin{}, t.picks(3+t.random.IntN(6))...)
}

// nothing sets some to what they are: the server logs only the others.
func (t *transaction) nothing(ctx context.Context) error {
	ids := t.picks(3)
	return t.update(ctx, edit{name: t.customer(ids[0]).Name}, origin{}, ids...)
}

func (t *transaction) touch(ctx context.Context) error {
	return t.update(ctx, edit{touched: true}, origin{}, t.pick())
}

// A big transaction changes so many customers, or as many as a worker began with if
// those are more, and each so often. With all, whose number grows, a long load would
// come to do little else.
const (
	crowd  = 200
	passes = 3
)

func (t *transaction) big(ctx context.Context) error {
	some := t.customers[:min(len(t.customers), max(crowd, t.target.Customers))]
	for range passes {
		if err := t.update(ctx, edit{touched: true}, origin{}, some...); err != nil {
			return err
		}
	}
	return nil
}

// removeOne deletes a customer who has not ordered, for orders stay, where there are
// plenty.
func (t *transaction) removeOne(ctx context.Context) error {
	if len(t.customers) <= t.target.Customers {
		return t.touch(ctx)
	}
	first := t.random.IntN(len(t.customers))
	for i := range t.customers {
		id := t.customers[(first+i)%len(t.customers)]
		if len(t.owned(customerRef(id), load.Orders)) == 0 {
			return t.remove(ctx, id)
		}
	}
	return t.touch(ctx)
}

// remove deletes a customer with all that belongs to her, by hand.
func (t *transaction) remove(ctx context.Context, id uint64) error {
	if _, err := t.conn.ExecContext(ctx, "DELETE FROM sessions WHERE customer_id = ?", id); err != nil {
		return fmt.Errorf("delete the sessions of customer %d: %w", id, err)
	}
	for _, table := range []string{load.SignIns, load.Addresses, load.Consents, load.Reviews} {
		owned := t.owned(customerRef(id), table)
		if len(owned) == 0 {
			continue
		}
		if _, err := t.exec(ctx, len(owned), origin{}, "DELETE FROM "+table+" WHERE customer_id = ? ORDER BY id", id); err != nil {
			return err
		}
		for _, r := range owned {
			if err := t.deleted(origin{}, r); err != nil {
				return err
			}
		}
	}
	if _, err := t.exec(ctx, 1, origin{}, "DELETE FROM customers WHERE id = ?", id); err != nil {
		return err
	}
	return t.deleted(origin{}, customerRef(id))
}
