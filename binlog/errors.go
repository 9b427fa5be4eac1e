package binlog

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/go-mysql-org/go-mysql/mysql"

	"telltale/internal/kafkaclient"
	"telltale/internal/preflight"
)

var (
	// errSilent ends a connection over which neither events nor heartbeats come.
	errSilent = errors.New("no event and no heartbeat")

	// errLeaseLost is returned when another reader of the same source holds
	// the lease.
	errLeaseLost = errors.New("the lease on the positions topic went to another reader")

	// errVerified ends the look at the last published transaction.
	errVerified = errors.New("verified")
)

// StopError stops the reader for good: going on would lose, invent or reorder
// changes. Its text says where and, where there is one, the mend.
type StopError struct {
	// Where is the place in the binlog, for example
	// "binlog.000002:4711, transaction 3e11…:5".
	Where string
	Err   error
}

// Error describes the place and the cause.
func (e *StopError) Error() string { return fmt.Sprintf("binlog at %s: %s", e.Where, e.Err) }

// Unwrap returns the cause.
func (e *StopError) Unwrap() error { return e.Err }

// Name is the cause's in docs/errors.md: binlog.Damaged for one that has no
// name of its own, since the bytes are not what a server writes then.
func (e *StopError) Name() string {
	var why interface {
		error
		Name() string
	}
	if errors.As(e.Err, &why) {
		return why.Name()
	}
	return "binlog.Damaged"
}

// outsideError is a failure of Kafka or of the server that came up while an
// event was handled: it says nothing about the event.
type outsideError struct{ err error }

func (e *outsideError) Error() string { return e.err.Error() }
func (e *outsideError) Unwrap() error { return e.err }

// ResumeError says why the reader may not go on from its stored position (I4).
type ResumeError struct {
	// Source is the source's name.
	Source string
	// Kind is the name under which docs/errors.md explains the reason, for example
	// "binlog.Purged".
	Kind string
	// Reason says what is missing or differs.
	Reason string
	// Mend is the command that lets the reader go on, and at which price.
	Mend string
}

// Error describes the reason and the mend.
func (e *ResumeError) Error() string {
	return fmt.Sprintf("source %s: cannot resume: %s\n  to mend: %s", e.Source, e.Reason, e.Mend)
}

// Name is the name in docs/errors.md.
func (e *ResumeError) Name() string { return cmp.Or(e.Kind, "binlog.ResumeError") }

// fatal reports whether the reader must end instead of starting over: what the
// binlog holds and what the server lacks does not change by trying again. A right
// that was taken away is waited for.
func fatal(err error) bool {
	var stop *StopError
	var resume *ResumeError
	var topic *TopicError
	if errors.As(err, &stop) || errors.As(err, &resume) || errors.As(err, &topic) {
		return true
	}
	var missing *kafkaclient.MissingTopicsError
	var found preflight.Findings
	if errors.As(err, &missing) || errors.As(err, &found) {
		return true
	}
	return kafkaclient.RemedyOf(err) == kafkaclient.End
}

// final gives an error that ends the reader a name, where it has none that says
// more.
func final(err error) error {
	switch {
	case errors.As(err, new(*StopError)):
		return err
	case binlogRefused(err):
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	return kafkaclient.Refused(err)
}

// binlogRefused reports whether the server said that it cannot go on with its
// binlog from where it was asked to.
func binlogRefused(err error) bool {
	var my *mysql.MyError
	return errors.As(err, &my) && my.Code == mysql.ER_MASTER_FATAL_ERROR_READING_BINLOG
}
