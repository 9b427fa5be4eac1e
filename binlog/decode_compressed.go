package binlog

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// unpacker reads the values of one of MariaDB's compressed columns, in memory
// that is used again.
type unpacker struct {
	in         bytes.Reader
	raw, zlib  io.ReadCloser
	value      []byte
	plain      column
	lengthSize int
}

// compress makes the column, which decodes plain values, read those that the
// server may have compressed.
func (c *column) compress() {
	u := &unpacker{plain: *c, lengthSize: c.meta}
	u.plain.meta = 4
	c.append = func(dst, data []byte, _ *column) ([]byte, int, error) {
		v, n, err := sized(data, u.lengthSize)
		if err != nil {
			return dst, 0, err
		}
		if err := u.unpack(v); err != nil {
			return dst, 0, fmt.Errorf("decompress %d bytes: %w", len(v), err)
		}
		dst, _, err = u.plain.append(dst, u.value, &u.plain)
		return dst, n, err
	}
}

// unpack puts the plain value, behind its length, into u.value. The first byte
// of what is stored is zero before a plain value, or else says the method in its
// upper half, in one bit that there is no zlib header, and in three how wide the
// big-endian length of the plain value is (sql/field_comp.cc). An empty value
// lacks the byte.
func (u *unpacker) unpack(stored []byte) error {
	if cap(u.value) > maxKept { // One huge value must not keep its memory for ever.
		u.value = nil
	}
	if len(stored) == 0 || stored[0] == 0 {
		stored = stored[min(1, len(stored)):]
		u.value = binary.LittleEndian.AppendUint32(u.value[:0], uint32(len(stored)))
		u.value = append(u.value, stored...)
		return nil
	}
	method, width := stored[0]>>4, int(stored[0]&7)
	if method != 8 {
		return fmt.Errorf("method %d is unknown", method)
	}
	if width < 1 || width > 4 || len(stored) < 1+width {
		return errInflate
	}
	size, packed := bigEndian(stored[1:1+width]), stored[1+width:]
	if size > maxInflated || size > maxRatio*len(packed) {
		return fmt.Errorf("%w: %d bytes say that they were %d", errInflate, len(packed), size)
	}
	u.in.Reset(packed)
	from, err := u.reader(stored[0]&8 != 0)
	if err != nil {
		return err
	}
	u.value = binary.LittleEndian.AppendUint32(u.value[:0], uint32(size))
	// One byte more than expected shows data that go on.
	u.value = slices.Grow(u.value, size+1)[:4+size+1]
	n, err := io.ReadFull(from, u.value[4:])
	switch {
	case err == nil:
		return fmt.Errorf("%w: they are more than %d bytes", errInflate, size)
	case n != size || !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %d of %d bytes: %w", errInflate, n, size, err)
	}
	u.value = u.value[:4+size]
	return nil
}

func (u *unpacker) reader(raw bool) (io.Reader, error) {
	var err error
	switch {
	case raw && u.raw == nil:
		u.raw = flate.NewReader(&u.in)
	case raw:
		err = u.raw.(flate.Resetter).Reset(&u.in, nil)
	case u.zlib == nil:
		u.zlib, err = zlib.NewReader(&u.in)
	default:
		err = u.zlib.(zlib.Resetter).Reset(&u.in, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInflate, err)
	}
	if raw {
		return u.raw, nil
	}
	return u.zlib, nil
}
