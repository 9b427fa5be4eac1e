package mail

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
)

// verdict is what an attempt says about the mail.
type verdict string

const (
	sent     verdict = "sent"
	rejected verdict = "failed"   // For good: this mail will never be taken.
	deferred verdict = "deferred" // This mail, not now.
	away     verdict = "unavailable"
)

// outcome is what came of an attempt, and how long to wait before the next.
type outcome struct {
	verdict verdict
	err     error
	pause   time.Duration
}

// text is the error as the ledger keeps it.
func (o outcome) text() string {
	const limit = 1000
	s := strings.ToValidUTF8(o.err.Error(), "?")
	for len(s) > limit {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// summary is the error without the server's words, which may hold an address:
// for logs and for whoever asks after the mailer's health.
func (o outcome) summary() error {
	var s *mail.SendError
	if !errors.As(o.err, &s) {
		return o.err
	}
	if s.ErrorCode() == 0 {
		return fmt.Errorf("smtp server: %s: no answer", s.Reason)
	}
	return fmt.Errorf("smtp server: %s: answer %d, see last_error in mail_ledger", s.Reason, s.ErrorCode())
}

// judge reads the server's answer (RFC 5321, 4.2): what it says about the
// recipient or the text concerns this mail; all else, above all a refused
// sender, concerns every mail, and rejecting them one by one would lose them.
func judge(err error) verdict {
	if err == nil {
		return sent
	}
	var s *mail.SendError
	if !errors.As(err, &s) || s.ErrorCode() == 421 {
		return away
	}
	switch s.Reason {
	case mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose, mail.ErrWriteContent:
	case mail.ErrGetRcpts:
		return rejected
	default:
		return away
	}
	switch code := s.ErrorCode(); {
	case code >= 500:
		return rejected
	case code >= 400:
		return deferred
	}
	return away // No answer: it may or may not have been taken.
}
