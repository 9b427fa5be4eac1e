package feed

import "time"

// Item is one thing that the page shows, as it is now. An item that changes
// comes again whole, with a higher Seq and the same Kind and ID.
type Item struct {
	// Seq numbers the states of all items, from 1.
	Seq  uint64
	Kind Kind
	// Data is a Card, a Mail, a Fact, a Sample or a Status, ready for JSON.
	Data any
}

// Kind says what an Item is.
type Kind string

// The kinds of items.
const (
	KindCard    Kind = "card"
	KindMail    Kind = "mail"
	KindHistory Kind = "history"
	KindLag     Kind = "lag"
	KindStatus  Kind = "status"
)

// Card is a row change with all that came of it.
type Card struct {
	ID string `json:"id"`
	// Order is the card's place among all cards: the higher, the newer.
	Order uint64 `json:"order"`
	// Row is null as long as the row change itself has not been seen.
	Row     *Row      `json:"row"`
	Events  []Outcome `json:"events"`
	Effects []Effect  `json:"effects"`
	// NoEvent says that the translator has passed the change and no rule made
	// an event of it.
	NoEvent bool `json:"no_event"`
}

// Row is the row change of a card.
type Row struct {
	Table   string   `json:"table"`
	Op      string   `json:"op"`
	Key     string   `json:"key"`
	GTID    string   `json:"gtid"`
	Actor   string   `json:"actor"`
	Request string   `json:"request"`
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

// Outcome is a business event that came of a change.
type Outcome struct {
	// ID is the event's, Title its type and Detail its data.
	ID     string `json:"id"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// MS is how many milliseconds after the commit it was there; null as in Row.
	MS *float64 `json:"ms"`
	// Rule made the event; null where no rule that is known makes such a one.
	Rule *Rule `json:"rule"`
}

// Rule is a rule of the translator, as it stands in its file.
type Rule struct {
	// File and Line are where it stands, the file without its directory.
	File string `json:"file"`
	Line int    `json:"line"`
	// Type is that of the events which it makes.
	Type string `json:"type"`
	// Table and Op are what it is for, as "shop.customers" and "update".
	Table string `json:"table"`
	Op    string `json:"op"`
	// When is its condition; empty where it has none.
	When string `json:"when"`
}

// Effect is what a consumer did about an event.
type Effect struct {
	// Kind is mail, or history for a row of the customer's history.
	Kind string `json:"kind"`
	// ID is the event's; several effects may come of one event.
	ID string `json:"id"`
	// Title is a mail's subject, or the field whose change the history tells.
	Title string `json:"title"`
	// Detail is a mail's recipient, or the field's old and new value.
	Detail string `json:"detail"`
	// MS is how many milliseconds after the commit it was there; null as in Row.
	MS *float64 `json:"ms"`
}

// The kinds of effects.
const (
	EffectMail    = "mail"
	EffectHistory = "history"
)

// Fact is a row of a customer's history: what became of one field.
type Fact struct {
	// ID is the row's for ever: the customer's id, a slash and Number, which
	// counts the customer's rows from 1.
	ID       string `json:"id"`
	Customer string `json:"customer"`
	Number   uint64 `json:"number"`
	// Event is the id of the event that told it, Type its type.
	Event string `json:"event"`
	Type  string `json:"type"`
	// Field is what changed, from Old to New; null where there was or is nothing.
	// It is sign_in for a sign-in, with the address as New.
	Field string  `json:"field"`
	Old   *string `json:"old"`
	New   *string `json:"new"`
	// At is when the change was committed.
	At time.Time `json:"at"`
	// Actor did it by Request; both are empty where the change does not say.
	Actor   string `json:"actor"`
	Request string `json:"request"`
	// Written is when the row was seen in the consumer's table.
	Written time.Time `json:"written,omitzero"`
}

// Sample is how far each stage was behind at one moment.
type Sample struct {
	At     time.Time `json:"at"`
	Stages []Lag     `json:"stages"`
}

// Lag is how far a stage is behind what it reads.
type Lag struct {
	// Name is the stage's, as in Part.
	Name string `json:"name"`
	// Lag counts what it has yet to do, in Unit, such as changes or events. -1
	// says that the servers did not tell.
	Lag  int64  `json:"lag"`
	Unit string `json:"unit"`
	// BehindMS is how long the oldest of them has been waiting, in
	// milliseconds; 0 where nothing waits or it is not known.
	BehindMS float64 `json:"behind_ms"`
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
	// Kind is server, or stage for what runs as a process that can be killed.
	Kind string `json:"kind"`
	// State is starting, running, waiting (it lives and heals itself), killed or
	// failed (it ended, by a signal or by itself, and is started again soon), or
	// stopped.
	State string `json:"state"`
	// Reason says what a part waits for or why it ended.
	Reason string `json:"reason"`
	// PID is the process's number; 0 where the part has none of its own now.
	PID int `json:"pid"`
	// Restarts counts how often the part was started again.
	Restarts int `json:"restarts"`
	// Since is when the part came into its state.
	Since time.Time `json:"since"`
}

// The kinds of parts.
const (
	PartServer = "server"
	PartStage  = "stage"
)
