package kafkaclient

import (
	"errors"
	"slices"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// IsFenced reports whether another producer took over the transactional id, or
// the broker timed the transaction out, which looks the same to the client. The
// producer is of no more use.
func IsFenced(err error) bool {
	return hasCode(err, kafka.ErrFenced, kafka.ErrProducerFenced, kafka.ErrInvalidProducerEpoch)
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
	return hasCode(err, kafka.ErrMsgSizeTooLarge)
}

// IsRefused reports whether a broker's certificate is not trusted or is for
// another host, or the broker does not accept who we are. Trying again does not
// help before an operator does.
func IsRefused(err error) bool {
	return hasCode(err, kafka.ErrSsl, kafka.ErrAuthentication)
}

// hasCode reports whether err is, wraps or joins an error of Kafka with one of
// the codes. The errors themselves differ by their texts.
func hasCode(err error, codes ...kafka.ErrorCode) bool {
	switch e := err.(type) {
	case kafka.Error:
		return slices.Contains(codes, e.Code())
	case interface{ Unwrap() error }:
		return hasCode(e.Unwrap(), codes...)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), func(one error) bool { return hasCode(one, codes...) })
	}
	return false
}
