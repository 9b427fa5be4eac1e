package smtpserver

import (
	"slices"
	"sync"
)

// What is kept of the mails, whichever is reached first.
const (
	maxMails = 10_000
	maxBytes = 64 << 20
)

// mailbox keeps the newest mails and tells subscribers of new ones.
type mailbox struct {
	// delivery orders the calls of subscribers; it is taken before mu and
	// held while they run, so that they may use the mailbox.
	delivery sync.Mutex

	mu          sync.Mutex
	mails       []kept
	bytes       int
	subscribers []*subscriber
	fault       func(from, to string) error
}

type kept struct {
	mail Mail
	size int
}

type subscriber struct {
	call func(Mail)
}

// add keeps the mail, drops old ones past the limits, and tells subscribers.
func (b *mailbox) add(m Mail, size int) {
	b.delivery.Lock()
	defer b.delivery.Unlock()
	for _, s := range b.keep(m, size) {
		s.call(m.clone())
	}
}

func (b *mailbox) keep(m Mail, size int) []*subscriber {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, kept{mail: m, size: size})
	b.bytes += size
	drop := 0
	for len(b.mails)-drop > maxMails || b.bytes > maxBytes {
		b.bytes -= b.mails[drop].size
		drop++
	}
	b.mails = slices.Delete(b.mails, 0, drop)
	return slices.Clone(b.subscribers)
}

func (b *mailbox) all() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	mails := make([]Mail, len(b.mails))
	for i, k := range b.mails {
		mails[i] = k.mail.clone()
	}
	return mails
}

func (b *mailbox) subscribe(f func(Mail)) (cancel func()) {
	s := &subscriber{call: f}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers = append(b.subscribers, s)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.subscribers = slices.DeleteFunc(b.subscribers, func(other *subscriber) bool { return other == s })
	}
}

func (b *mailbox) setFault(f func(from, to string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
}

func (b *mailbox) refuses(from, to string) error {
	b.mu.Lock()
	fault := b.fault
	b.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(from, to)
}
