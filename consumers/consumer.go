package consumers

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"telltale/schemas/event"
)

// Delivery is an event and the place where it was read.
type Delivery struct {
	event.Event
	// Key is the aggregate's id as text.
	Key string
	// Topic, Partition and Offset say which record it was.
	Topic     string
	Partition int32
	Offset    int64
}

// RequireKey is poison where the record has no key.
func (d Delivery) RequireKey() error {
	if d.Key == "" {
		return Poison(errNoKey)
	}
	return nil
}

var errNoKey = errors.New("the record has no key, so there is no telling whose event it is")

// Handler applies events of one partition, in their order, in tx. It writes
// through tx alone and leaves committing to the engine. An error takes back the
// whole batch: see Poison, and DESIGN.md for which errors are tried again. It
// may be called again with the same events, after a rollback and, where a
// producer repeats itself, after a commit; the event's ID tells (I7).
type Handler func(ctx context.Context, tx *sql.Tx, batch []Delivery) error

// Each makes a Handler that takes events one at a time.
func Each(f func(ctx context.Context, tx *sql.Tx, d Delivery) error) Handler {
	return func(ctx context.Context, tx *sql.Tx, batch []Delivery) error {
		for _, d := range batch {
			if err := f(ctx, tx, d); err != nil {
				return err
			}
		}
		return nil
	}
}

// Data reads an event's data object. Fields that T does not have are left
// alone, so that an event may grow; anything else that does not fit is poison.
func Data[T any](d Delivery) (T, error) {
	var data T
	if err := json.Unmarshal(d.Data, &data); err != nil {
		return data, Poison(fmt.Errorf("read the data of %s: %w", d.Type, err))
	}
	return data, nil
}

// Consumer is what a team writes.
type Consumer struct {
	// Name names the consumer for ever: its offsets, its table of migrations
	// and, as "telltale-<name>", its Kafka group. Lower-case letters, digits
	// and underscores, at most 40.
	Name string
	// Topics are the event topics to read, for example "events.customer".
	Topics []string
	// Types are the event types that Handle gets; others are counted and
	// passed. Empty: all.
	Types []string
	// Handle applies events.
	Handle Handler
	// Migrations holds goose's SQL files for the consumer's own tables, in its
	// root. Nil: none.
	Migrations fs.FS
	// Shared are tables that this consumer has in common with others; they are
	// migrated before its own.
	Shared []Tables
	// Work runs beside Handle for each partition that this instance owns, from
	// the claim until the partition is lost, for example to send what Handle
	// planned. It returns soon after ctx ends; what it returns on a cancelled
	// ctx is of no interest. An error of the database starts it again after a
	// while, another one stops the consumer. Nil: none.
	Work func(ctx context.Context, p *Partition) error
}

// Tables are tables that several consumers may share in one database.
type Tables struct {
	// Name names them for ever, as a consumer's name does, and is no consumer's.
	Name string
	// Files holds goose's SQL files in its root.
	Files fs.FS
}

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (c Consumer) validate() error {
	var errs []error
	if !validName.MatchString(c.Name) {
		errs = append(errs, fmt.Errorf("name %q: want %s", c.Name, validName))
	}
	if len(c.Topics) == 0 {
		errs = append(errs, errors.New("no topics"))
	}
	if c.Handle == nil {
		errs = append(errs, errors.New("no handler"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("consumer %q: %w", c.Name, err)
	}
	return nil
}

// group is the consumer's Kafka group.
func (c Consumer) group() string { return "telltale-" + c.Name }

// types is Types as a set; nil means all.
func (c Consumer) types() map[string]bool {
	if len(c.Types) == 0 {
		return nil
	}
	set := make(map[string]bool, len(c.Types))
	for _, t := range c.Types {
		set[t] = true
	}
	return set
}
