package feed

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// LogOptions bound what a Log keeps.
type LogOptions struct {
	// Cards, Mails, Facts and Samples are how many of the newest are told.
	// Default 200 each, and 120 samples.
	Cards, Mails, Facts, Samples int
	// Remembered is how many cards are kept in all, so that what comes of a burst
	// of changes finds its card. Default ten times Cards.
	Remembered int
	// Started is the beginning of the present: latencies of what committed
	// before are not told, since nobody watched.
	Started time.Time
}

// Log keeps the newest cards, mails, facts and samples and the status, each as
// it is now. A reader that knows the Seq it has seen gets what became different
// since. It is safe for concurrent use.
type Log struct {
	options LogOptions

	mu      sync.Mutex
	seq     uint64
	order   uint64
	cards   []*card // Oldest first.
	byID    map[string]*card
	mails   []entry[Mail]
	facts   []entry[Fact]
	samples []entry[Sample]
	status  entry[Status]
	// rules are what makes events; passed is how far the translator is.
	rules   Rules
	passed  Offsets
	changed chan struct{}
}

type entry[T any] struct {
	seq   uint64
	value T
}

// NewLog returns an empty log.
func NewLog(o LogOptions) *Log {
	o.Cards, o.Mails = cmp.Or(o.Cards, 200), cmp.Or(o.Mails, 200)
	o.Remembered = max(o.Cards, cmp.Or(o.Remembered, 10*o.Cards))
	o.Facts, o.Samples = cmp.Or(o.Facts, 200), cmp.Or(o.Samples, 120)
	return &Log{options: o, byID: map[string]*card{}, changed: make(chan struct{})}
}

// SetRules has the events that are added from now on shown with their rule.
func (l *Log) SetRules(r Rules) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rules = r
}

// AddChange puts a row change on its card.
func (l *Log) AddChange(c Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.card(c.ID)
	k.committed, k.place, k.offset = c.Committed, c.Place, c.Offset
	k.value.Row = &Row{
		Table: c.DB + "." + c.Table, Op: c.Op, Key: shorten(string(c.Key)), GTID: c.GTID,
		Actor: shorten(c.Actor), Request: shorten(c.Request),
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
	for _, f := range l.facts {
		if f.value.Event == e.ID {
			k.addFact(f.value)
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
	l.mails = keep(l.mails, entry[Mail]{m.ID, m}, l.options.Mails)
	if k := l.byID[ChangeOf(m.Event)]; k != nil {
		k.addMail(m)
		l.update(k)
	}
	l.announce()
}

// AddFact keeps a row of the history and puts it on the card of the change that
// it came of.
func (l *Log) AddFact(f Fact) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keepFact(f)
	if k := l.byID[ChangeOf(f.Event)]; k != nil {
		k.addFact(f)
		l.update(k)
	}
	l.announce()
}

// keepFact puts a row among the newest, in the order of commits: that of an older
// event may be seen later.
func (l *Log) keepFact(f Fact) {
	if slices.ContainsFunc(l.facts, func(e entry[Fact]) bool { return e.value.ID == f.ID }) {
		return
	}
	at := len(l.facts)
	for at > 0 && f.At.Before(l.facts[at-1].value.At) {
		at--
	}
	if at == 0 && len(l.facts) == l.options.Facts {
		return
	}
	l.facts = slices.Insert(l.facts, at, entry[Fact]{l.next(), f})
	l.facts = slices.Delete(l.facts, 0, max(0, len(l.facts)-l.options.Facts))
}

// AddSample keeps a sample of the stages' lags.
func (l *Log) AddSample(s Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.samples = keep(l.samples, entry[Sample]{l.next(), s}, l.options.Samples)
	l.announce()
}

// SetPassed says up to which offsets the translator has read. A change before
// them that no event came of is shown as such; one that arrives late all the
// same takes that back.
func (l *Log) SetPassed(o Offsets) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passed = o
	for _, k := range l.cards {
		if l.noEvent(k) != k.value.NoEvent {
			l.update(k)
		}
	}
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
	for _, k := range l.cards[max(0, len(l.cards)-l.options.Cards):] {
		if k.seq > seq {
			items = append(items, Item{k.seq, KindCard, k.value})
		}
	}
	items = appendItems(items, seq, KindMail, l.mails)
	items = appendItems(items, seq, KindHistory, l.facts)
	items = appendItems(items, seq, KindLag, l.samples)
	items = appendItems(items, seq, KindStatus, []entry[Status]{l.status})
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.Seq, b.Seq) })
	return items, l.changed
}

func appendItems[T any](items []Item, seq uint64, kind Kind, list []entry[T]) []Item {
	for _, e := range list {
		if e.seq > seq {
			items = append(items, Item{e.seq, kind, e.value})
		}
	}
	return items
}

// keep appends to a list and drops the oldest beyond the limit.
func keep[T any](list []entry[T], e entry[T], limit int) []entry[T] {
	list = append(list, e)
	return slices.Delete(list, 0, max(0, len(list)-limit))
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
