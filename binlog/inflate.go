package binlog

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-mysql-org/go-mysql/replication"
)

// compressedRows are MariaDB's compressed rows events and what each is once its
// rows are plain: a transaction has one fingerprint, compressed or not.
var compressedRows = map[replication.EventType]replication.EventType{
	replication.MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1:  replication.WRITE_ROWS_EVENTv1,
	replication.MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1: replication.UPDATE_ROWS_EVENTv1,
	replication.MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1: replication.DELETE_ROWS_EVENTv1,
}

const (
	// maxInflated is the longest that a part of an event can be: what
	// max_allowed_packet bounds on every server.
	maxInflated = 1 << 30
	// maxRatio is more than zlib can compress by, so that a length beyond it is
	// damage, which must not take memory.
	maxRatio = 1100
)

var errInflate = errors.New("the compressed data are damaged")

// inflater takes what MariaDB compresses into events apart, in memory that is
// used again.
type inflater struct {
	in   bytes.Reader
	zlib io.ReadCloser
	out  []byte
}

// inflate returns the plain form of data, which is good until the next call. A
// byte says the algorithm and how wide the big-endian length behind it is
// (sql/log_event.cc, binlog_buf_uncompress).
func (i *inflater) inflate(data []byte) ([]byte, error) {
	if len(data) < 1 {
		return nil, errEvent
	}
	width, algorithm := int(data[0]&7), data[0]>>4&7
	if algorithm != 0 {
		return nil, fmt.Errorf("algorithm %d is unknown", algorithm)
	}
	if width < 1 || width > 4 || len(data) < 1+width {
		return nil, errInflate
	}
	size, packed := bigEndian(data[1:1+width]), data[1+width:]
	if size > maxInflated || size > maxRatio*len(packed) {
		return nil, fmt.Errorf("%w: %d bytes say that they were %d", errInflate, len(packed), size)
	}
	i.in.Reset(packed)
	if err := i.reset(); err != nil {
		return nil, err
	}
	if cap(i.out) > maxKept { // One huge event must not keep its memory for ever.
		i.out = nil
	}
	i.out = slices.Grow(i.out[:0], size)[:size]
	if n, err := io.ReadFull(i.zlib, i.out); err != nil {
		return nil, fmt.Errorf("%w: %d of %d bytes: %w", errInflate, n, size, err)
	}
	// Only the end proves the checksum, and that there is no more.
	var more [1]byte
	if n, err := io.ReadFull(i.zlib, more[:]); n != 0 || !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: they do not end after %d bytes: %w", errInflate, size, cmp.Or(err, io.ErrShortBuffer))
	}
	return i.out, nil
}

func (i *inflater) reset() error {
	var err error
	if i.zlib == nil {
		i.zlib, err = zlib.NewReader(&i.in)
	} else {
		err = i.zlib.(zlib.Resetter).Reset(&i.in, nil)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errInflate, err)
	}
	return nil
}
