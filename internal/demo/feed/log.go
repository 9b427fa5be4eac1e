package feed

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// LogOptions bound what a Log keeps.
type LogOptions struct {
	// Cards and Mails are how many of the newest are kept. Default 200 each.
	Cards, Mails int
	// Started is the beginning of the present: latencies of what committed
	// before are not told, since nobody watched.
	Started time.Time
}

// Log keeps the newest cards and mails and the status, each as it is now. A
// reader that knows the Seq it has seen gets what became different since. It is
// safe for concurrent use.
type Log struct {
	options LogOptions

	mu      sync.Mutex
	seq     uint64
	order   uint64
	cards   []*card // Oldest first.
	byID    map[string]*card
	mails   []entry[Mail]
	status  entry[Status]
	changed chan struct{}
}

type entry[T any] struct {
	seq   uint64
	value T
}

// card is a Card with the state from which its latencies follow.
type card struct {
	entry[Card]
	committed time.Time
	events    []Event
	mails     []Mail
}

// NewLog returns an empty log.
func NewLog(o LogOptions) *Log {
	o.Cards, o.Mails = cmp.Or(o.Cards, 200), cmp.Or(o.Mails, 200)
	return &Log{options: o, byID: map[string]*card{}, changed: make(chan struct{})}
}

// AddChange puts a row change on its card.
func (l *Log) AddChange(c Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.card(c.ID)
	k.committed = c.Committed
	k.value.Row = &Row{
		Table: c.DB + "." + c.Table, Op: c.Op, Key: shorten(string(c.Key)), GTID: c.GTID, Actor: shorten(c.Actor),
		Columns: columns(c.Before, c.After), Committed: c.Committed, MS: l.since(c.Committed, c.Seen),
	}
	l.update(k)
}

// AddEvent puts an event on the card of its change.
func (l *Log) AddEvent(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.card(e.Change)
	if slices.ContainsFunc(k.events, func(known Event) bool { return known.ID == e.ID }) {
		return // A replay repeats identities (I7).
	}
	e.Data = []byte(shorten(string(e.Data)))
	k.events = append(k.events, e)
	for _, m := range l.mails {
		if m.value.Event == e.ID {
			k.addMail(m.value)
		}
	}
	l.update(k)
}

// AddMail keeps a mail and puts it on the card of the change that it came of.
func (l *Log) AddMail(m Mail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.ID = l.next()
	m.Body = limit(m.Body, maxBody)
	l.mails = append(l.mails, entry[Mail]{m.ID, m})
	l.mails = slices.Delete(l.mails, 0, max(0, len(l.mails)-l.options.Mails))
	if k := l.byID[ChangeOf(m.Event)]; k != nil {
		k.addMail(m)
		l.update(k)
	}
	l.announce()
}

// SetStatus replaces the status.
func (l *Log) SetStatus(s Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status = entry[Status]{l.next(), s}
	l.announce()
}

// Since returns the items that became different after seq, in the order in
// which they did, and a channel that is closed when there are more.
func (l *Log) Since(seq uint64) ([]Item, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var items []Item
	for _, k := range l.cards {
		if k.seq > seq {
			items = append(items, Item{k.seq, KindCard, k.value})
		}
	}
	for _, m := range l.mails {
		if m.seq > seq {
			items = append(items, Item{m.seq, KindMail, m.value})
		}
	}
	if l.status.seq > seq {
		items = append(items, Item{l.status.seq, KindStatus, l.status.value})
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.Seq, b.Seq) })
	return items, l.changed
}

// card returns the card of a change, a new one where there is none.
func (l *Log) card(id string) *card {
	if k := l.byID[id]; k != nil {
		return k
	}
	l.order++
	k := &card{entry: entry[Card]{value: Card{ID: id, Order: l.order}}}
	l.byID[id] = k
	l.cards = append(l.cards, k)
	for len(l.cards) > l.options.Cards {
		delete(l.byID, l.cards[0].value.ID)
		l.cards = slices.Delete(l.cards, 0, 1)
	}
	return k
}

// update gives the card its events and mails as they are now. It makes new
// slices, since readers hold the old ones.
func (l *Log) update(k *card) {
	k.value.Events = make([]Effect, len(k.events))
	for i, e := range k.events {
		k.value.Events[i] = Effect{ID: e.ID, Title: e.Type, Detail: string(e.Data), MS: l.since(k.committed, e.Seen)}
	}
	k.value.Mails = make([]Effect, len(k.mails))
	for i, m := range k.mails {
		k.value.Mails[i] = Effect{ID: m.Event, Title: m.Subject, Detail: recipients(m.To), MS: l.since(k.committed, m.At)}
	}
	k.seq = l.next()
	l.announce()
}

func (k *card) addMail(m Mail) {
	for _, known := range k.mails {
		if known.ID == m.ID {
			return
		}
	}
	k.mails = append(k.mails, m)
}

func (l *Log) next() uint64 {
	l.seq++
	return l.seq
}

func (l *Log) announce() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// since is the time from a commit to its arrival in milliseconds; nil where it
// is not known: the commit was not seen yet, or nobody watched when it was.
func (l *Log) since(committed, seen time.Time) *float64 {
	if committed.IsZero() || committed.Before(l.options.Started) {
		return nil
	}
	ms := float64(seen.Sub(committed).Microseconds()) / 1000
	return &ms
}
