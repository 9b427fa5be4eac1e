package kafkaclient

import (
	"slices"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// RefusedError is an error of Kafka against which nothing helps but a change of
// the configuration, a topic or the cluster: its remedy is to End.
type RefusedError struct{ Err error }

// Error describes the cause.
func (e *RefusedError) Error() string { return "refused by kafka: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// Refused makes an error whose remedy is to End a RefusedError, and returns any
// other as it is.
func Refused(err error) error {
	if RemedyOf(err) != End {
		return err
	}
	return &RefusedError{err}
}

// IsFenced reports whether another producer took over the transactional id, or
// the broker timed the transaction out, which looks the same to the client. The
// producer is of no more use.
func IsFenced(err error) bool {
	return hasCode(err, kafka.ErrFenced, kafka.ErrProducerFenced, kafka.ErrInvalidProducerEpoch)
}

// IsTooLarge reports whether a record is larger than its topic or the client
// takes, which it will be the next time too.
func IsTooLarge(err error) bool {
	return hasCode(err, kafka.ErrMsgSizeTooLarge, kafka.ErrRecordListTooLarge)
}

// IsRefused reports whether a broker's certificate is not trusted or is for
// another host, or the broker does not accept who we are. Trying again does not
// help before an operator does.
func IsRefused(err error) bool {
	return hasCode(err, kafka.ErrSsl, kafka.ErrAuthentication)
}

// hasCode reports whether err is, wraps or joins an error of Kafka with one of
// the codes. The errors themselves differ by their texts.
func hasCode(err error, codes ...kafka.ErrorCode) (has bool) {
	each(err, func(e kafka.Error) { has = has || slices.Contains(codes, e.Code()) })
	return has
}
