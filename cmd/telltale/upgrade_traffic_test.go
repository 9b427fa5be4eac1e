package main

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"telltale/crudapp"
	"telltale/crudapp/argon2id"
	"telltale/crudapp/mysql"
)

// saying is what one event of a customer may read: one text, or where nobody outside
// the database can tell which came first, one of several.
type saying []string

// sayings are the events that must come, by customer and in order. It is safe for
// concurrent use.
type sayings struct {
	mu   sync.Mutex
	want map[uint64][]saying
	// changing is set while the default country comes, changed when it is there.
	changing, changed atomic.Bool
}

func (s *sayings) add(id uint64, readings ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.want[id] = append(s.want[id], readings)
}

// registered is the event of an account that was opened, by the JSON of a country.
func registered(id uint64, name, country string) string {
	return fmt.Sprintf(`CustomerRegistered {"id":%d,"name":%q,"email":"%s@example.com","country":%s}`, id, name, strings.ToLower(name), country)
}

// last is the event that ends each customer's list.
func last(id uint64) string {
	return fmt.Sprintf(`CustomerPhoneChanged {"id":%d,"old_phone":null,"new_phone":"+1 555 0199"}`, id)
}

// markEnd changes the telephone number of everybody of whom an event is expected, and
// of two settled customers, of whom there is none.
func (s *sayings) markEnd(t *testing.T, db *sql.DB) {
	t.Helper()
	ids := []string{"1", "2"}
	for id := range s.want {
		ids = append(ids, strconv.FormatUint(id, 10))
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE customers SET phone = '+1 555 0199' WHERE id IN ("+strings.Join(ids, ", ")+")"); err != nil {
		t.Fatal(err)
	}
	for _, text := range ids {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		s.add(id, last(id))
	}
}

// settle opens the accounts of settled customers, some with an address.
func settle(t *testing.T, db *sql.DB) {
	t.Helper()
	var people, places []string
	for id := 1; id <= settledCustomers; id++ {
		people = append(people, fmt.Sprintf("(%d, 'settled%[1]d@example.com', 'Settled', 'x', NOW(6))", id))
		if id%3 == 0 {
			places = append(places, fmt.Sprintf("(%d, 'Settled', '1 High Street', 'Oslo', 'NO', TRUE, NOW(6))", id))
		}
	}
	for _, statement := range []string{
		"INSERT INTO customers (id, email, name, password_hash, created_at) VALUES " + strings.Join(people, ", "),
		"INSERT INTO addresses (customer_id, recipient, street, city, country, is_default, created_at) VALUES " + strings.Join(places, ", "),
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// traffic does one thing after another until it is ended.
type traffic struct {
	done  atomic.Int64
	stop  context.CancelFunc
	ended chan struct{}
	err   error // Why it ended by itself, once it has.
}

func startTraffic(t *testing.T, do func(ctx context.Context, n int64) error) *traffic {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	x := &traffic{stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(x.ended)
		for ctx.Err() == nil && x.err == nil {
			// What was begun is done, so that all that is stored is known.
			x.err = do(context.WithoutCancel(ctx), x.done.Load())
			x.done.Add(1)
		}
	}()
	t.Cleanup(func() { x.stop(); <-x.ended })
	return x
}

// awaitMore waits until some more was done.
func (x *traffic) awaitMore(t *testing.T) {
	t.Helper()
	const some = 20
	from := x.done.Load()
	eventually(t, "the shop's traffic", func() (bool, string) {
		select {
		case <-x.ended:
			t.Fatalf("the shop's traffic ended: %v", x.err)
		default:
		}
		return x.done.Load() >= from+some, fmt.Sprintf("%d times since", x.done.Load()-from)
	})
}

func (x *traffic) end(t *testing.T) {
	t.Helper()
	x.stop()
	if <-x.ended; x.err != nil {
		t.Fatal(x.err)
	}
}

// startOlder serves as the version of the shop did that knew of no country: people
// register and change their names.
func startOlder(t *testing.T, db *sql.DB, s *sayings) *traffic {
	t.Helper()
	var id uint64
	return startTraffic(t, func(ctx context.Context, n int64) error {
		if n%2 == 1 {
			s.add(id, fmt.Sprintf(`CustomerNameChanged {"id":%d,"old_name":"Old%d","new_name":"Older"}`, id, n-1))
			_, err := db.ExecContext(ctx, "UPDATE customers SET email = email, name = 'Older', phone = NULL, version = version + 1 WHERE id = ? AND version = 1", id)
			return err
		}
		changed := s.changed.Load()
		result, err := db.ExecContext(ctx, "INSERT INTO customers (email, name, phone, password_hash, created_at, updated_at, version) VALUES (?, ?, NULL, 'x', NOW(6), NOW(6), 1)",
			fmt.Sprintf("old%d@example.com", n), fmt.Sprintf("Old%d", n))
		if err != nil {
			return err
		}
		changing := s.changing.Load()
		inserted, err := result.LastInsertId()
		id = uint64(inserted)
		var readings []string
		if !changed {
			readings = append(readings, registered(id, fmt.Sprintf("Old%d", n), "null"))
		}
		if changing {
			readings = append(readings, registered(id, fmt.Sprintf("Old%d", n), `"GB"`))
		}
		s.add(id, readings...)
		return err
	})
}

// newer is the version of the shop that knows the country.
type newer struct {
	*traffic
	accounts *crudapp.Accounts
}

// startNewer serves as it does: people register from a country and move to another.
func startNewer(t *testing.T, dsn string, s *sayings) *newer {
	t.Helper()
	store, err := mysql.Open(t.Context(), dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	passwords := argon2id.New(argon2id.Options{Params: argon2id.Params{Memory: 64, Time: 1, Threads: 1}})
	x := &newer{accounts: crudapp.NewAccounts(crudapp.AccountsOptions{Store: store, Passwords: passwords})}
	var c crudapp.Customer
	x.traffic = startTraffic(t, func(ctx context.Context, n int64) (err error) {
		if n%2 == 1 {
			s.add(c.ID, fmt.Sprintf(`CustomerCountryChanged {"id":%d,"old_country":"NO","new_country":"SE"}`, c.ID))
			moved := c.Details
			moved.Country = "SE"
			_, err = x.accounts.ChangeDetails(ctx, c.ID, c.Version, moved)
			return err
		}
		name := fmt.Sprintf("New%d", n)
		details := crudapp.Details{Email: name + "@example.com", Name: name, Country: "NO"}
		c, err = x.accounts.Register(ctx, crudapp.Registration{Details: details, Password: "a few unusual words"})
		s.add(c.ID, registered(c.ID, name, `"NO"`))
		return err
	})
	return x
}

// chooseForOlder gives a settled customer, of whom none is known yet, a country. No
// event comes of it: she lives where she did.
func (x *newer) chooseForOlder(t *testing.T) {
	t.Helper()
	chosen := crudapp.Details{Email: "settled1@example.com", Name: "Settled", Country: "CH"}
	if _, err := x.accounts.ChangeDetails(t.Context(), 1, 1, chosen); err != nil {
		t.Fatal(err)
	}
}
