package binlog

import (
	"errors"

	"telltale/internal/kafkaclient"
	"telltale/internal/preflight"
)

// What ends sessions that are followed by another.
const (
	causeMySQL   = "mysql" // The server, or the way there.
	causeSilence = "silence"
	causeKafka   = "kafka"
	causeClaims  = "claims" // Where claim checks are kept, or the way there.
)

// causeOf says in a word what ended a session, for the metric. What is neither
// the reader's own nor Kafka's came from the server or the way there.
func causeOf(err error) string {
	switch {
	case errors.As(err, new(*claimError)): // One that stops the reader too.
		return causeClaims
	case errors.As(err, new(*StopError)):
		return "event"
	case errors.As(err, new(*ResumeError)), errors.As(err, new(*unknownBranchError)):
		return "position"
	case errors.As(err, new(preflight.Findings)):
		return "preflight"
	case errors.As(err, new(*TopicError)), errors.As(err, new(*kafkaclient.MissingTopicsError)), kafkaclient.RemedyOf(err) != kafkaclient.NotKafka:
		return causeKafka
	case errors.Is(err, errSilent):
		return causeSilence
	}
	return causeMySQL
}
