package translator

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/schemas/change"
)

// rawChange is what translation needs of a raw change. Its slices point into
// the record's value.
type rawChange struct {
	table         string // "<db>.<table>".
	op            change.Op
	before, after []byte // JSON objects; nil where the envelope has null.
	shape         string
	id            string
	gtid          string
	at            time.Time // The commit.
	actor         string
	request       string
	traceparent   string
	last          bool // The last of its MySQL transaction in this partition.
	// key, and the place for error messages, are the record's own.
	key   []byte
	place place
}

// markHalf tells the halves of an update that changed the record's key from the
// delete and the create that they look like.
func (c *rawChange) markHalf(headers []kafka.Header) {
	for _, h := range headers {
		switch {
		case h.Key == change.HeaderNewKey && c.op == change.Delete:
			c.op = opLeave
		case h.Key == change.HeaderOldKey && c.op == change.Create:
			c.op = opArrive
		}
	}
}

// place is where a record stands.
type place struct {
	topic     string
	partition int32
	offset    int64
}

func (p place) String() string {
	return fmt.Sprintf("topic %s, partition %d, offset %d", p.topic, p.partition, p.offset)
}

// envelopeParser reads raw changes, one after the other. It keeps the few texts
// that nearly every change repeats, so that they are allocated once.
type envelopeParser struct {
	s             scanner
	change        rawChange
	db, tableName []byte
	ms, us, ns    int64
	inTransaction bool
	known         map[string]string
}

// maxKnown bounds the texts that are kept: tables, shapes and ops are few.
const maxKnown = 1000

func newEnvelopeParser() *envelopeParser {
	return &envelopeParser{known: make(map[string]string)}
}

// parse reads the parts of an envelope that translation needs, in one walk over
// its bytes.
func (p *envelopeParser) parse(value []byte) (rawChange, error) {
	*p = envelopeParser{s: scanner{b: value}, known: p.known}
	if err := p.envelope(); err != nil {
		return rawChange{}, fmt.Errorf("parse raw change of %d bytes: %w", len(value), err)
	}
	c := p.change
	c.table = p.tableOf()
	c.at = p.commit()
	// A change outside a transaction, as a snapshot's, is whole by itself.
	c.last = c.last || !p.inTransaction
	switch {
	case c.id == "":
		return rawChange{}, errors.New("parse raw change: it has no id; records that something else than the reader wrote are not understood")
	case c.shape == "":
		return rawChange{}, fmt.Errorf("parse raw change %q: it has no source.shape", c.id)
	}
	switch c.op {
	case change.Create, change.Update, change.Delete, change.Read, change.Truncate:
		return c, nil
	}
	return rawChange{}, fmt.Errorf("parse raw change %q: unknown op %q", c.id, c.op)
}

// tableOf is "<db>.<table>".
func (p *envelopeParser) tableOf() string {
	var room [130]byte
	name := append(append(append(room[:0], p.db...), '.'), p.tableName...)
	return p.intern(name)
}

// intern returns the text as a string, the same one each time.
func (p *envelopeParser) intern(text []byte) string {
	if s, ok := p.known[string(text)]; ok {
		return s
	}
	if len(p.known) >= maxKnown {
		clear(p.known)
	}
	s := string(text)
	p.known[s] = s
	return s
}

// commit is the finest of the commit times that the envelope holds.
func (p *envelopeParser) commit() time.Time {
	switch {
	case p.ns != 0:
		return time.Unix(0, p.ns).UTC()
	case p.us != 0:
		return time.UnixMicro(p.us).UTC()
	}
	return time.UnixMilli(p.ms).UTC()
}

func (p *envelopeParser) envelope() error {
	if err := p.object(p.member); err != nil {
		return err
	}
	return p.s.end()
}

// object hands each member's key over; the callee reads the value.
func (p *envelopeParser) object(member func(key []byte) error) error {
	if err := p.s.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		key, ok, err := p.s.next(first)
		if err != nil || !ok {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
	}
}

// orNull is object for a member that may be null.
func (p *envelopeParser) orNull(member func(key []byte) error) error {
	if p.s.peek() == 'n' {
		return p.s.literal("null")
	}
	return p.object(member)
}

func (p *envelopeParser) member(key []byte) error {
	switch string(key) {
	case "before":
		return p.image(&p.change.before)
	case "after":
		return p.image(&p.change.after)
	case "source":
		return p.orNull(p.source)
	case "op":
		return p.repeated((*string)(&p.change.op))
	case "transaction":
		p.inTransaction = p.s.peek() == '{'
		return p.orNull(p.transaction)
	case "id":
		return p.text(&p.change.id)
	case "context":
		return p.orNull(p.context)
	}
	_, err := p.s.value()
	return err
}

func (p *envelopeParser) source(key []byte) error {
	switch string(key) {
	case "db":
		return p.bytes(&p.db)
	case "table":
		return p.bytes(&p.tableName)
	case "gtid":
		return p.text(&p.change.gtid)
	case "shape":
		return p.repeated(&p.change.shape)
	case "ts_ms":
		return p.int(&p.ms)
	case "ts_us":
		return p.int(&p.us)
	case "ts_ns":
		return p.int(&p.ns)
	}
	_, err := p.s.value()
	return err
}

func (p *envelopeParser) transaction(key []byte) error {
	raw, err := p.s.value()
	if err == nil && string(key) == "last" {
		p.change.last = string(raw) == "true"
	}
	return err
}

func (p *envelopeParser) context(key []byte) error {
	switch string(key) {
	case change.ContextActor:
		return p.text(&p.change.actor)
	case change.ContextRequestID:
		return p.text(&p.change.request)
	case change.ContextTraceparent:
		return p.text(&p.change.traceparent)
	}
	_, err := p.s.value()
	return err
}

// image keeps an object's bytes; a null leaves nil.
func (p *envelopeParser) image(to *[]byte) error {
	raw, err := p.s.value()
	if err != nil {
		return err
	}
	*to = nil
	if !isNull(raw) {
		*to = raw
	}
	return nil
}

// text reads a string; a null leaves "".
func (p *envelopeParser) text(to *string) error {
	var text []byte
	err := p.bytes(&text)
	*to = string(text)
	return err
}

// repeated is text for one that nearly every change repeats.
func (p *envelopeParser) repeated(to *string) error {
	var text []byte
	err := p.bytes(&text)
	*to = p.intern(text)
	return err
}

// bytes reads a string in place; a null leaves nil.
func (p *envelopeParser) bytes(to *[]byte) (err error) {
	*to = nil
	switch p.s.peek() {
	case 'n':
		return p.s.literal("null")
	case '"':
		*to, err = p.s.text()
		return err
	}
	return p.s.syntax("a string")
}

func (p *envelopeParser) int(to *int64) error {
	raw, err := p.s.value()
	if err != nil {
		return err
	}
	*to, err = strconv.ParseInt(string(raw), 10, 64)
	return err
}
