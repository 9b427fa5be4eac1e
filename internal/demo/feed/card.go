package feed

import (
	"slices"
	"time"
)

// card is a Card with the state from which it follows.
type card struct {
	entry[Card]
	committed time.Time
	// place and offset are where the row change stands in its topic.
	place  Place
	offset int64
	events []Event
	mails  []Mail
	facts  []Fact
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
	for len(l.cards) > l.options.Remembered {
		delete(l.byID, l.cards[0].value.ID)
		l.cards = slices.Delete(l.cards, 0, 1)
	}
	return k
}

// update gives the card its events and effects as they are now. It makes new
// slices, since readers hold the old ones.
func (l *Log) update(k *card) {
	v := &k.value
	v.NoEvent = l.noEvent(k)
	v.Events = make([]Outcome, len(k.events))
	for i, e := range k.events {
		v.Events[i] = Outcome{
			ID: e.ID, Title: e.Type, Detail: string(e.Data), MS: l.since(k.committed, e.Seen), Rule: l.rules.of(e),
		}
	}
	v.Effects = make([]Effect, 0, len(k.mails)+len(k.facts))
	for _, m := range k.mails {
		v.Effects = append(v.Effects, Effect{
			Kind: EffectMail, ID: m.Event, Title: m.Subject, Detail: recipients(m.To), MS: l.since(k.committed, m.At),
		})
	}
	for _, f := range k.facts {
		v.Effects = append(v.Effects, Effect{
			Kind: EffectHistory, ID: f.Event, Title: f.Field, Detail: shorten(f.values()), MS: l.since(k.committed, f.Written),
		})
	}
	k.seq = l.next()
	l.announce()
}

// noEvent tells whether the translator has passed a change that nothing came of.
func (l *Log) noEvent(k *card) bool {
	return k.value.Row != nil && len(k.events) == 0 && k.offset < l.passed[k.place]
}

func (k *card) addMail(m Mail) {
	if !slices.ContainsFunc(k.mails, func(known Mail) bool { return known.ID == m.ID }) {
		k.mails = append(k.mails, m)
	}
}

func (k *card) addFact(f Fact) {
	if !slices.ContainsFunc(k.facts, func(known Fact) bool { return known.ID == f.ID }) {
		k.facts = append(k.facts, f)
	}
}

// values shows what a field became of what, a dash for nothing.
func (f Fact) values() string {
	show := func(v *string) string {
		if v == nil {
			return "–"
		}
		return *v
	}
	return show(f.Old) + " → " + show(f.New)
}
