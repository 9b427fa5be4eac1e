package binlog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

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
	dir    string // Of claim checks.
	// letters is the topic of dead letters.
	letters *topic
	// note is told of each of those.
	note  func(place)
	value []byte
}

// newOverflow makes the directory of claim checks, so that one that cannot be
// written is known at the start.
func newOverflow(o Options) (overflow, error) {
	f := overflow{policy: o.Oversize, dir: o.ClaimChecks}
	if f.policy != oversizeClaimCheck {
		return f, nil
	}
	var err error
	if f.dir, err = filepath.Abs(f.dir); err != nil {
		return f, fmt.Errorf("source.claim_checks %q: %w", o.ClaimChecks, err)
	}
	if err := os.MkdirAll(f.dir, 0o750); err != nil {
		return f, fmt.Errorf("source.claim_checks: %w", err)
	}
	return f, nil
}

// takes reports whether a record of a topic goes another way.
func (f *overflow) takes(t *topic, size int) bool { return t.limit > 0 && size > t.limit }

// divert puts the whole record where the policy says and returns the value that
// stands in its place, which is good until the next call.
func (f *overflow) divert(ctx context.Context, to sink, m *kafka.Message) ([]byte, error) {
	sum := sha256.Sum256(m.Value)
	where := change.Oversize{Bytes: len(m.Value), SHA256: hex.EncodeToString(sum[:])}
	var err error
	switch f.policy {
	case oversizeClaimCheck:
		where.URL, err = f.check(where.SHA256, m.Value)
	case oversizeDeadLetter:
		where.Topic, err = f.letters.name, f.letter(ctx, to, m)
	}
	if err != nil {
		return nil, fmt.Errorf("put a record of %d bytes of topic %s aside: %w", len(m.Value), *m.TopicPartition.Topic, err)
	}
	f.value, err = appendStub(f.value[:0], m.Value, where)
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
		return err
	}
	f.note(place{topic: f.letters, partition: whole.TopicPartition.Partition})
	return nil
}

// check writes a value into a file that its hash names and returns its URL. It is
// there for good before the record that names it is committed; a file that no
// record names may stay from a transaction that was aborted.
func (f *overflow) check(sum string, value []byte) (string, error) {
	path := filepath.Join(f.dir, sum+".json")
	at := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return at, err
	}
	temporary, err := os.CreateTemp(f.dir, "unfinished-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(temporary.Name()) // It is gone where all went well.
	_, err = temporary.Write(value)
	if err := errors.Join(err, temporary.Chmod(0o640), temporary.Sync(), temporary.Close()); err != nil {
		return "", err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return "", err
	}
	return at, syncDir(f.dir)
}

// syncDir makes a new name in a directory survive a crash of the machine.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// appendStub appends what stands in the place of an envelope: itself with empty
// images, and where the whole is.
func appendStub(dst, value []byte, where change.Oversize) ([]byte, error) {
	const before, after = `{"before":`, `,"after":`
	start := len(before)
	middle := start + imageLen(value[min(start, len(value)):])
	end := middle + len(after)
	end += imageLen(value[min(end, len(value)):])
	if end >= len(value) || string(value[:start]) != before || string(value[middle:middle+len(after)]) != after {
		return dst, errors.New("it does not begin as an envelope does")
	}
	text, err := json.Marshal(where)
	if err != nil {
		return dst, fmt.Errorf("encode where it is: %w", err)
	}
	dst = appendEmptyImage(append(dst, before...), value[start])
	dst = appendEmptyImage(append(dst, after...), value[middle+len(after)])
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
