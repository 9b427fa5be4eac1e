package customer

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"telltale/consumers"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Tables are the book's.
func Tables() consumers.Tables {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // The folder is part of the binary.
	}
	return consumers.Tables{Name: "customer", Files: files}
}

// Book is what one consumer knows of customers. Each consumer has its own,
// which stands where the consumer stands in the topic.
type Book struct {
	// Consumer is the consumer's name.
	Consumer string
}

// Customer is what a book says of one. An empty field is one that no event has
// told yet.
type Customer struct{ Name, Email string }

// Find looks a customer up.
func (b Book) Find(ctx context.Context, tx *sql.Tx, id string) (Customer, error) {
	c, _, err := b.find(ctx, tx, id)
	return c, err
}

func (b Book) find(ctx context.Context, tx *sql.Tx, id string) (c Customer, version uint64, err error) {
	const query = "SELECT name, email, version FROM customer_book WHERE consumer = ? AND customer_id = ?"
	err = tx.QueryRowContext(ctx, query, b.Consumer, id).Scan(&c.Name, &c.Email, &version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Customer{}, 0, fmt.Errorf("look customer %s up: %w", id, err)
	}
	return c, version, nil
}

var errNoAddress = errors.New("the data holds no e-mail address")

// Apply notes what an event tells and returns what was known before it. Types
// that tell nothing of name or address are let be. An event that comes again
// after later ones, as its sequence shows, changes nothing (I7). Events without
// a key, and such as would leave a customer without an address, are poison.
func (b Book) Apply(ctx context.Context, tx *sql.Tx, d consumers.Delivery) (before Customer, err error) {
	if err := d.RequireKey(); err != nil {
		return Customer{}, err
	}
	before, version, err := b.find(ctx, tx, d.Key)
	if err != nil {
		return Customer{}, err
	}
	after, err := before.with(d)
	if err != nil {
		return Customer{}, err
	}
	at, _ := strconv.ParseUint(d.Sequence, 10, 64) // A rule may give none, or one that is no number: 0.
	if after == before || at > 0 && at < version {
		return before, nil
	}
	const save = `INSERT INTO customer_book (consumer, customer_id, name, email, version) VALUES (?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE name = VALUES(name), email = VALUES(email), version = VALUES(version)`
	if _, err := tx.ExecContext(ctx, save, b.Consumer, d.Key, after.Name, after.Email, max(at, version)); err != nil {
		return Customer{}, fmt.Errorf("note what event %s tells of customer %s: %w", d.ID, d.Key, err)
	}
	return before, nil
}

// with is what is known after an event.
func (c Customer) with(d consumers.Delivery) (Customer, error) {
	switch d.Type {
	case TypeRegistered:
		data, err := consumers.Data[Registered](d)
		return Customer(data), requireAddress(data.Email, err)
	case TypeNameChanged:
		data, err := consumers.Data[NameChanged](d)
		c.Name = data.New
		return c, err
	case TypeEmailChanged:
		data, err := consumers.Data[EmailChanged](d)
		c.Email = data.New
		return c, requireAddress(data.New, err)
	}
	return c, nil
}

func requireAddress(email string, err error) error {
	if err == nil && email == "" {
		return consumers.Poison(errNoAddress)
	}
	return err
}
