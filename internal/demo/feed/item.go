package feed

import "time"

// Item is one thing that the page shows, as it is now. An item that changes
// comes again whole, with a higher Seq and the same Kind and ID.
type Item struct {
	// Seq numbers the states of all items, from 1.
	Seq  uint64
	Kind Kind
	// Data is a Card, a Mail or a Status, ready for JSON.
	Data any
}

// Kind says what an Item is.
type Kind string

// The kinds of items.
const (
	KindCard   Kind = "card"
	KindMail   Kind = "mail"
	KindStatus Kind = "status"
)

// Card is a row change with all that came of it.
type Card struct {
	ID string `json:"id"`
	// Order is the card's place among all cards: the higher, the newer.
	Order uint64 `json:"order"`
	// Row is null as long as the row change itself has not been seen.
	Row    *Row     `json:"row"`
	Events []Effect `json:"events"`
	Mails  []Effect `json:"mails"`
}

// Row is the row change of a card.
type Row struct {
	Table   string   `json:"table"`
	Op      string   `json:"op"`
	Key     string   `json:"key"`
	GTID    string   `json:"gtid"`
	Actor   string   `json:"actor"`
	Columns []Column `json:"columns"`
	// Committed is when the transaction committed on the server.
	Committed time.Time `json:"committed"`
	// MS is how many milliseconds later a reader had it; null for what
	// happened before the page's process started.
	MS *float64 `json:"ms"`
}

// Column is a column before and after the change, as JSON text; null where the
// row has no such image.
type Column struct {
	Name    string  `json:"name"`
	Before  *string `json:"before"`
	After   *string `json:"after"`
	Changed bool    `json:"changed"`
}

// Effect is what came of a change: an event, or a mail that came of an event.
type Effect struct {
	// ID is the event's; several mails may come of one event.
	ID string `json:"id"`
	// Title is an event's type or a mail's subject.
	Title string `json:"title"`
	// Detail is an event's data or a mail's recipient.
	Detail string `json:"detail"`
	// MS is how many milliseconds after the commit it was there; null as in Row.
	MS *float64 `json:"ms"`
}

// Mail is a mail that the SMTP server took.
type Mail struct {
	ID        uint64    `json:"id"`
	MessageID string    `json:"message_id"`
	From      string    `json:"from"`
	To        []string  `json:"to"`
	Subject   string    `json:"subject"`
	Body      string    `json:"body"`
	At        time.Time `json:"at"`
	// Event is the id of the event that the mail came of; empty where the mail
	// does not say.
	Event string `json:"event"`
}

// Status is how the demo's parts do.
type Status struct {
	Parts []Part `json:"parts"`
	// Ended says why the demo ended; empty while it runs.
	Ended string `json:"ended"`
}

// Part is one stage or server of the demo.
type Part struct {
	Name string `json:"name"`
	// State is starting, running, waiting (it lives and heals itself; Reason
	// says what it waits for), failed or stopped.
	State  string `json:"state"`
	Reason string `json:"reason"`
}
