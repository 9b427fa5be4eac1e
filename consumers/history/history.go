// Package history keeps, for each customer, what was changed from what to what,
// when, by whom and by which request: one row a changed field. It is a
// projection: its rows follow from the events alone, so that a new database
// that reads them from the start holds the same.
package history

import (
	"embed"
	"io/fs"

	"telltale/consumers"
	"telltale/schemas/event"
)

// Name is the consumer's name.
const Name = "history"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns goose's files of the history's table.
func Migrations() fs.FS {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // The folder is part of the binary.
	}
	return files
}

// Options say whose history is kept.
type Options struct {
	// Topic holds the customers' events. Default "events.customer".
	Topic string
}

// New makes the consumer. It takes events of every type.
func New(o Options) consumers.Consumer {
	if o.Topic == "" {
		o.Topic = event.Topic("customer")
	}
	return consumers.Consumer{Name: Name, Topics: []string{o.Topic}, Handle: handle, Migrations: Migrations()}
}
