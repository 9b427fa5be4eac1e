package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/klauspost/compress/zstd"
)

// Fields in front of a compressed transaction, each a type, a length and a
// value as length-encoded integers; the mark ends them
// (libs/mysql/binlog/event/codecs/binary.h).
const (
	payloadEnd       = 0
	payloadSize      = 1
	payloadCodec     = 2
	payloadPlainSize = 3
)

// Codecs of compressed transactions.
const (
	codecZstd = 0
	codecNone = 255
)

// maxPayloadWindow is how far back a compressed transaction may refer to
// itself, which is what decompressing it needs memory for. Servers use 8 MiB at
// their highest level.
const maxPayloadWindow = 8 << 20

var errPayload = errors.New("the compressed transaction is damaged")

// payload is a compressed transaction as its event holds it.
type payload struct {
	codec     uint64
	plainSize uint64
	data      []byte
}

// parsePayload reads the fields in front of the data. The server leaves out codec
// and plain size of data that it did not compress.
func parsePayload(data []byte) (payload, error) {
	p := payload{codec: codecNone}
	next := func() (uint64, bool) {
		v, n := lengthEncoded(data)
		data = data[n:]
		return v, n > 0
	}
	for {
		field, ok := next()
		if ok && field == payloadEnd {
			p.data = data
			if p.codec == codecNone {
				p.plainSize = uint64(len(data))
			}
			return p, nil
		}
		length, sized := next()
		if !ok || !sized || length > uint64(len(data)) {
			return p, errEvent
		}
		value, n := lengthEncoded(data[:length])
		switch field {
		case payloadSize, payloadCodec, payloadPlainSize:
			if n == 0 {
				return p, errEvent
			}
		}
		switch field {
		case payloadCodec:
			p.codec = value
		case payloadPlainSize:
			p.plainSize = value
		}
		data = data[length:] // A field that is not known is passed over by its length.
	}
}

// payloadReader takes the events out of compressed transactions one after the other,
// in memory that is used again: the plain transaction is never there whole (I11).
type payloadReader struct {
	in   bytes.Reader
	zstd *zstd.Decoder
	buf  []byte
}

// open returns the plain form of a payload.
func (r *payloadReader) open(p payload) (io.Reader, error) {
	r.in.Reset(p.data)
	switch p.codec {
	case codecNone:
		return &r.in, nil
	case codecZstd:
	default:
		return nil, fmt.Errorf("compression of type %d is unknown", p.codec)
	}
	if r.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxPayloadWindow))
		if err != nil {
			return nil, fmt.Errorf("start zstd: %w", err)
		}
		r.zstd = d
	}
	if err := r.zstd.Reset(&r.in); err != nil {
		return nil, fmt.Errorf("%w: %w", errPayload, err)
	}
	return r.zstd, nil
}

// next reads the next event of at most limit bytes, which is good until the
// call after it. It returns io.EOF behind the last one.
func (r *payloadReader) next(plain io.Reader, limit uint64) ([]byte, error) {
	if cap(r.buf) > maxKept { // One huge event must not keep its memory for ever.
		r.buf = nil
	}
	r.buf = slices.Grow(r.buf[:0], replication.EventHeaderSize)[:replication.EventHeaderSize]
	if _, err := io.ReadFull(plain, r.buf); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("%w: %w", errPayload, err)
	}
	size := uint64(binary.LittleEndian.Uint32(r.buf[9:]))
	if size < replication.EventHeaderSize || size > limit {
		return nil, fmt.Errorf("%w: an event of %d bytes in the last %d", errPayload, size, limit)
	}
	r.buf = slices.Grow(r.buf, int(size)-len(r.buf))[:size]
	if _, err := io.ReadFull(plain, r.buf[replication.EventHeaderSize:]); err != nil {
		return nil, fmt.Errorf("%w: %w", errPayload, err)
	}
	return r.buf, nil
}

// payload walks the events inside a compressed transaction. Between them it
// waits for the publisher, as between events that come by themselves.
func (s *stream) payload(h *replication.EventHeader, data []byte) error {
	p, err := parsePayload(data)
	if err != nil {
		return err
	}
	plain, err := s.payloads.open(p)
	if err != nil {
		return fmt.Errorf("decompress %s: %w", h.EventType, err)
	}
	defer func() { s.innerEvent = 0 }()
	for left := p.plainSize; ; {
		raw, err := s.payloads.next(plain, left)
		if errors.Is(err, io.EOF) && left == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("decompress %s with %d bytes left: %w", h.EventType, left, err)
		}
		left -= uint64(len(raw))
		if err := s.inner(h, raw); err != nil {
			return fmt.Errorf("inside %s: %w", h.EventType, err)
		}
		if err := s.awaitRoom(); err != nil {
			return err
		}
	}
}

// inner dispatches an event of a compressed transaction, which bears no
// checksum and has no place of its own.
func (s *stream) inner(outer *replication.EventHeader, raw []byte) error {
	var h replication.EventHeader
	if err := h.Decode(raw); err != nil {
		return fmt.Errorf("decode an event's header: %w", err)
	}
	h.LogPos, h.EventSize = outer.LogPos, outer.EventSize
	s.innerEvent++
	return s.counted(&h, raw, raw[replication.EventHeaderSize:])
}
