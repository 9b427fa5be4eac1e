package kafkaclient

import "github.com/confluentinc/confluent-kafka-go/v2/kafka"

// Remedy is what helps against an error of Kafka. The greater one does all that
// a smaller one does, and more.
type Remedy int

const (
	// NotKafka is the remedy of an error that holds none of Kafka's.
	NotKafka Remedy = iota
	// Retry makes the same call again, or just waits: the client goes on by itself
	// once the brokers do.
	Retry
	// Rewind takes the open transaction back and goes on from what is committed,
	// with the same client.
	Rewind
	// Renew throws the client away and begins anew from what is committed: the
	// outcome of its last call may be unknown, or somebody else has its place.
	Renew
	// End ends the process with an error: trying again would fail again until
	// somebody changes the configuration, a topic or the cluster.
	End
)

// String is the remedy's name.
func (r Remedy) String() string {
	return [...]string{"not kafka", "retry", "rewind", "renew", "end"}[r]
}

// RemedyOf is the remedy of an error: of those of Kafka that it is, wraps or
// joins, the one that takes most. What an operator must mend is so whatever the
// client says; beyond that, what it says of the very call wins over the code.
func RemedyOf(err error) Remedy {
	worst := NotKafka
	each(err, func(e kafka.Error) { worst = max(worst, remedyOf(e)) })
	return worst
}

func remedyOf(e kafka.Error) Remedy {
	listed := listedRemedy(e.Code())
	switch {
	case listed == End:
		return End
	case e.IsFatal():
		return Renew
	case e.TxnRequiresAbort():
		return max(listed, Rewind)
	case e.IsRetriable():
		return Retry
	}
	return listed
}

// listedRemedy is the remedy of a code. One that this version does not know is
// met with the remedy that promises nothing about the client.
func listedRemedy(code kafka.ErrorCode) Remedy {
	if r, ok := remedies[code]; ok {
		return r
	}
	return Renew
}

// each calls f with every error of Kafka that err is, wraps or joins.
func each(err error, f func(kafka.Error)) {
	switch e := err.(type) {
	case kafka.Error:
		f(e)
	case interface{ Unwrap() error }:
		each(e.Unwrap(), f)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			each(one, f)
		}
	}
}
