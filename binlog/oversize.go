package binlog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

// What happens to a record that is larger than its topic takes.
const (
	oversizeStop       = "stop"
	oversizeClaimCheck = "claim-check"
	oversizeDeadLetter = "dead-letter"
)

// Headers of a dead letter: where its record belongs.
const (
	headerTopic     = "telltale.topic"
	headerPartition = "telltale.partition"
	headerReason    = "telltale.reason"
)

// DeadLettersTopic is the topic of a source's records that their own topics do
// not take.
func DeadLettersTopic(source string) string { return source + ".dead-letters" }

// deadLetterBytes is the largest dead letter: brokers take requests of 100 MiB.
const deadLetterBytes = 104_000_000

// deadLetters is the topic that is made for them.
func (t *topics) deadLetters() kafkaclient.TopicSpec {
	return kafkaclient.TopicSpec{
		Name: DeadLettersTopic(t.o.Name), Partitions: t.o.Partitions, ReplicationFactor: t.o.ReplicationFactor,
		Settings: map[string]string{
			"cleanup.policy": "delete", "retention.ms": "2592000000", "max.message.bytes": fmt.Sprint(deadLetterBytes),
		},
	}
}

// recordRoom is what a record's batch needs beside its key, value and headers.
const recordRoom = 512

// limit asks how large records of the topics may be, where that decides
// anything: under `stop` the brokers do, who see what compression leaves.
func (t *topics) limit(ctx context.Context, which ...*topic) error {
	if t.o.Oversize == oversizeStop {
		return nil
	}
	names := make([]string, len(which))
	for i, one := range which {
		names[i] = one.name
	}
	limits, err := kafkaclient.RecordLimits(ctx, t.o.Kafka, names)
	if err != nil {
		return err
	}
	for _, one := range which {
		one.limit = limits[one.name] - recordRoom
	}
	return nil
}

// overflow takes the records that are larger than their topics take. In place of
// each stands a record with the same key and envelope but for the images, which
// are empty, and with an `oversize` that says where the whole one is: so order,
// counts and `transaction.last` hold for readers that leave it out.
type overflow struct {
	policy string
	claims claimStore // Nil unless the policy needs it.
	// letters is the topic of dead letters.
	letters *topic
	// note is told of each of those.
	note    func(place)
	metrics *metrics
	value   []byte
}

// newOverflow opens what the policy needs beside Kafka.
func newOverflow(ctx context.Context, o Options, m *metrics) (overflow, error) {
	f := overflow{policy: o.Oversize, metrics: m}
	if f.policy != oversizeClaimCheck {
		return f, nil
	}
	var err error
	f.claims, err = openClaims(ctx, o.ClaimChecks)
	return f, err
}

// close ends what newOverflow opened.
func (f *overflow) close() {
	if f.claims != nil {
		f.claims.Close()
	}
}

// takes reports whether a record of a topic goes another way.
func (f *overflow) takes(t *topic, size int) bool { return t.limit > 0 && size > t.limit }

// taker is who takes the records that go another way.
func (f *overflow) taker() string {
	if f.policy == oversizeClaimCheck {
		return toClaims
	}
	return toKafka
}

// divert puts the whole record where the policy says and returns the value that
// stands in its place, which is good until the next call. Of the record itself it
// changes the times.
func (f *overflow) divert(ctx context.Context, to sink, m *kafka.Message) ([]byte, error) {
	middle, end, err := images(m.Value)
	if err != nil {
		return nil, fmt.Errorf("put a record of topic %s aside: %w", *m.TopicPartition.Topic, err)
	}
	committedAt(m.Value[end:])
	sum := sha256.Sum256(m.Value)
	where := change.Oversize{Bytes: len(m.Value), SHA256: hex.EncodeToString(sum[:])}
	switch f.policy {
	case oversizeClaimCheck:
		where.URL, err = f.check(ctx, *m.TopicPartition.Topic, sum, m.Value)
	case oversizeDeadLetter:
		where.Topic, err = f.letters.name, f.letter(ctx, to, m)
	}
	if err != nil {
		return nil, err
	}
	f.metrics.oversize.WithLabelValues(f.policy).Inc()
	f.value, err = appendStub(f.value[:0], m.Value, middle, end, where)
	return f.value, err
}

// letter produces the whole record into the dead letters, in the same Kafka
// transaction.
func (f *overflow) letter(ctx context.Context, to sink, m *kafka.Message) error {
	whole := *m
	whole.TopicPartition.Topic = &f.letters.name
	whole.TopicPartition.Partition = kafkaclient.Partition(m.Key, f.letters.partitions)
	whole.Headers = append(append([]kafka.Header(nil), m.Headers...),
		kafka.Header{Key: headerTopic, Value: []byte(*m.TopicPartition.Topic)},
		kafka.Header{Key: headerPartition, Value: fmt.Append(nil, m.TopicPartition.Partition)},
		kafka.Header{Key: headerReason, Value: []byte(errRowTooLarge.Name())},
	)
	if err := to.produce(ctx, &whole); err != nil {
		return fmt.Errorf("put a record of %d bytes of topic %s aside: %w", len(m.Value), *m.TopicPartition.Topic, err)
	}
	f.note(place{topic: f.letters, partition: whole.TopicPartition.Partition})
	return nil
}

// Members between and behind the images.
const (
	beforeMember = `{"before":`
	afterMember  = `,"after":`
)

// images finds where the before image of an envelope ends, and the after image.
func images(value []byte) (middle, end int, err error) {
	middle = len(beforeMember)
	middle += imageLen(value[min(middle, len(value)):])
	end = middle + len(afterMember)
	end += imageLen(value[min(end, len(value)):])
	if end >= len(value) || string(value[:len(beforeMember)]) != beforeMember || string(value[middle:middle+len(afterMember)]) != afterMember {
		return 0, 0, errors.New("it does not begin as an envelope does")
	}
	return middle, end, nil
}

// committedAt writes the time of the commit where an envelope says when the
// record was made, so that the same change has the same bytes, and with them the
// same claim check, whenever the binlog is read again. Both have as many digits
// in all the years from 2001 to 2286; in others nothing is written.
func committedAt(behindImages []byte) {
	const micros, op, own, id = `,"ts_us":`, `,"op":"`, `","ts_ms":`, `,"id":"`
	// Quotes stand in no text there unless escaped, so that these are the members'.
	_, source, _ := bytes.Cut(behindImages, []byte(micros))
	digits, _, _ := bytes.Cut(source, []byte(","))
	_, behindOp, _ := bytes.Cut(source, []byte(op))
	if len(behindOp) < len(own)+1 || string(behindOp[1:][:len(own)]) != own {
		return
	}
	made := behindOp[len(`c",`):]
	n, err := strconv.ParseInt(string(digits), 10, 64)
	times := appendUnix(nil, n*1000)
	if err == nil && bytes.Index(made, []byte(id)) == len(times) {
		copy(made, times)
	}
}

// appendStub appends what stands in the place of an envelope, whose images end
// there: itself with empty images, and where the whole is.
func appendStub(dst, value []byte, middle, end int, where change.Oversize) ([]byte, error) {
	text, err := json.Marshal(where)
	if err != nil {
		return dst, fmt.Errorf("encode where it is: %w", err)
	}
	dst = appendEmptyImage(append(dst, beforeMember...), value[len(beforeMember)])
	dst = appendEmptyImage(append(dst, afterMember...), value[middle+len(afterMember)])
	dst = append(dst, value[end:len(value)-1]...)
	dst = append(append(dst, `,"oversize":`...), text...)
	return append(dst, '}'), nil
}

// appendEmptyImage appends an image without columns, or null where there is none.
func appendEmptyImage(dst []byte, first byte) []byte {
	if first == 'n' {
		return append(dst, "null"...)
	}
	return append(dst, "{}"...)
}

// imageLen is how long the JSON object or null at the start of text is.
func imageLen(text []byte) int {
	if len(text) == 0 || text[0] != '{' {
		return min(len("null"), len(text))
	}
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// largest is the largest record of a Kafka transaction: the brokers do not say
// which one was too large.
type largest struct {
	topic string
	bytes int
	id    []byte
}

func (l *largest) note(topic string, value []byte) {
	if len(value) <= l.bytes {
		return
	}
	l.topic, l.bytes, l.id = topic, len(value), l.id[:0]
	// Behind the images quotes stand in no text, so that this is the envelope's own.
	const member = `,"id":"`
	if at := bytes.LastIndex(value, []byte(member)); at >= 0 {
		id := value[at+len(member):]
		l.id = append(l.id, id[:max(0, bytes.IndexByte(id, '"'))]...)
	}
}

func (l *largest) String() string {
	return fmt.Sprintf("the largest one, change %s in topic %s, has %d bytes", l.id, l.topic, l.bytes)
}
