package faults

import (
	"slices"
	"sync"

	"telltale/internal/smtpserver"
)

// mails remembers which mails a server took, and how often each.
type mails struct {
	unsubscribe func()
	mu          sync.Mutex
	taken       map[string][]letter
}

// letter is what is compared of a mail.
type letter struct{ to, subject, body string }

func newMails(s *smtpserver.Server) *mails {
	m := &mails{taken: map[string][]letter{}}
	m.unsubscribe = s.Subscribe(func(mail smtpserver.Mail) {
		m.mu.Lock()
		defer m.mu.Unlock()
		var to string
		if len(mail.To) > 0 {
			to = mail.To[0]
		}
		m.taken[mail.MessageID] = append(m.taken[mail.MessageID], letter{to, mail.Subject, mail.Body})
	})
	return m
}

func (m *mails) close() { m.unsubscribe() }

// all are the mails by Message-ID.
func (m *mails) all() map[string][]letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make(map[string][]letter, len(m.taken))
	for id, letters := range m.taken {
		all[id] = slices.Clone(letters)
	}
	return all
}
