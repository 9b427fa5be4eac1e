package tour

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"telltale/internal/demo/feed"
	"telltale/internal/smtpserver"
)

// recorder keeps everything that was seen, in the order of its arrival. It is
// safe for concurrent use.
type recorder struct {
	mu      sync.Mutex
	changes []feed.Change
	events  []feed.Event
	mails   []smtpserver.Mail
	changed chan struct{}
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{})} }

// AddChange implements feed.Sink.
func (r *recorder) AddChange(c feed.Change) { r.add(func() { r.changes = append(r.changes, c) }) }

// AddEvent implements feed.Sink.
func (r *recorder) AddEvent(e feed.Event) { r.add(func() { r.events = append(r.events, e) }) }

func (r *recorder) addMail(m smtpserver.Mail) { r.add(func() { r.mails = append(r.mails, m) }) }

func (r *recorder) add(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

// sight is what was seen until a moment.
type sight struct {
	changes []feed.Change
	events  []feed.Event
	mails   []smtpserver.Mail
}

// look returns what was seen so far, and a channel that is closed when there is
// more. What it returns is not changed any more.
func (r *recorder) look() (sight, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return sight{slices.Clip(r.changes), slices.Clip(r.events), slices.Clip(r.mails)}, r.changed
}

// Seen is what was seen of one customer, each kind in its order.
type Seen struct {
	Changes []feed.Change
	Events  []feed.Event
	Mails   []Mail
}

// Mail is a mail with the event that it came of.
type Mail struct {
	ID, To, Subject string
	Event           string
	At              time.Time
}

// of picks what concerns a customer. events tells of which event a mail came.
func (s sight) of(customer uint64, events map[string]string) Seen {
	id := strconv.FormatUint(customer, 10)
	key := `{"id":` + id + `}`
	var seen Seen
	own := map[string]bool{}
	for _, c := range s.changes {
		if c.DB == "shop" && string(c.Key) == key {
			seen.Changes = append(seen.Changes, c)
		}
	}
	for _, e := range s.events {
		if e.Subject == "customer/"+id {
			seen.Events = append(seen.Events, e)
			own[e.ID] = true
		}
	}
	for _, m := range s.mails {
		if event := events[m.MessageID]; own[event] {
			seen.Mails = append(seen.Mails, newMail(m, event))
		}
	}
	return seen
}

func newMail(m smtpserver.Mail, event string) Mail {
	to := ""
	if len(m.To) > 0 {
		to = m.To[0]
	}
	return Mail{ID: m.MessageID, To: to, Subject: m.Subject, Event: event, At: m.At}
}

// after is what was seen later than a part of it.
func (s Seen) after(earlier Seen) Seen {
	return Seen{
		Changes: s.Changes[len(earlier.Changes):],
		Events:  s.Events[len(earlier.Events):],
		Mails:   s.Mails[len(earlier.Mails):],
	}
}
