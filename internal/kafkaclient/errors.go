package kafkaclient

import (
	"errors"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// IsFenced reports whether another producer took over the transactional id, or
// the broker timed the transaction out, which looks the same to the client. The
// producer is of no more use.
func IsFenced(err error) bool {
	var k kafka.Error
	if !errors.As(err, &k) {
		return false
	}
	switch k.Code() {
	case kafka.ErrFenced, kafka.ErrProducerFenced, kafka.ErrInvalidProducerEpoch:
		return true
	}
	return false
}

// IsAbortable reports whether the transaction must be aborted and what it held
// done again; the producer goes on.
func IsAbortable(err error) bool {
	var k kafka.Error
	return errors.As(err, &k) && k.TxnRequiresAbort()
}

// IsRetriable reports whether the same call with the same arguments may be
// made again.
func IsRetriable(err error) bool {
	var k kafka.Error
	return errors.As(err, &k) && (k.IsRetriable() || k.IsTimeout())
}

// IsTooLarge reports whether a record is larger than its topic or the client
// takes, which it will be the next time too.
func IsTooLarge(err error) bool {
	var k kafka.Error
	return errors.As(err, &k) && k.Code() == kafka.ErrMsgSizeTooLarge
}
