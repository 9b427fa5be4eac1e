package binlog

import (
	"errors"

	"telltale/internal/kafkaclient"
	"telltale/internal/preflight"
)

// StartError kept the reader from beginning: the server or a broker failed while
// it was asked what the reader must know first.
type StartError struct {
	// Source is the source's name.
	Source string
	Err    error
}

// Error describes the cause.
func (e *StartError) Error() string { return "source " + e.Source + ": cannot start: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }

// notStarted makes an error before the first session a StartError, unless it has a
// name that says more.
func notStarted(source string, err error) error {
	err = kafkaclient.Refused(err)
	switch {
	case errors.As(err, new(preflight.Findings)), errors.As(err, new(*kafkaclient.MissingTopicsError)),
		errors.As(err, new(*kafkaclient.BrokerError)), errors.As(err, new(*kafkaclient.RefusedError)):
		return err
	}
	return &StartError{Source: source, Err: err}
}
