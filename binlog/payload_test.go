package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/klauspost/compress/zstd"
)

// packEvents compresses n events of size bytes each.
func packEvents(t *testing.T, n, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithWindowSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	event := make([]byte, size)
	event[4] = byte(replication.WRITE_ROWS_EVENTv2)
	binary.LittleEndian.PutUint32(event[9:], uint32(size))
	for range n {
		if _, err := w.Write(event); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// A transaction that was compressed a thousandfold is walked in the memory of
// one event and the decoder's window.
func TestPayloadIsNotHeldWhole(t *testing.T) {
	const events, size = 4000, 64 << 10
	p := payload{codec: codecZstd, plainSize: events * size, data: packEvents(t, events, size)}
	var reader payloadReader
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	plain, err := reader.open(p)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for {
		event, err := reader.next(plain, p.plainSize)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(event) != size {
			t.Fatalf("event %d: %d bytes and %v, want %d", n, len(event), err, size)
		}
		n++
	}
	runtime.ReadMemStats(&after)
	if n != events {
		t.Errorf("walked %d events, want %d", n, events)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
		t.Errorf("took %d bytes of memory for %d plain ones, want 16 MiB at most", took, p.plainSize)
	}
}

func TestDamagedPayload(t *testing.T) {
	t.Parallel()
	whole := packEvents(t, 3, 100)
	tests := []struct {
		name  string
		p     payload
		limit uint64
	}{
		{"cut off", payload{data: whole[:len(whole)/2]}, 300},
		{"no zstd", payload{data: []byte("these bytes are no frame")}, 300},
		{"an event longer than the rest", payload{data: whole}, 99},
		{"an event shorter than its header", payload{codec: codecNone, data: make([]byte, 100)}, 100},
		{"a part of a header", payload{codec: codecNone, data: make([]byte, 5)}, 100},
		{"another codec", payload{codec: 7, data: whole}, 300},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var reader payloadReader
			plain, err := reader.open(tt.p)
			for err == nil {
				_, err = reader.next(plain, tt.limit)
			}
			if errors.Is(err, io.EOF) {
				t.Errorf("read to its end, want an error")
			}
		})
	}
}

func TestParsePayload(t *testing.T) {
	t.Parallel()
	fields := []byte{payloadSize, 1, 3, payloadCodec, 1, codecZstd, payloadPlainSize, 3, 0xfc, 0, 1, 9, 2, 'n', 'o', payloadEnd, 'a', 'b', 'c'}
	p, err := parsePayload(fields)
	if err != nil || p.codec != codecZstd || p.plainSize != 256 || string(p.data) != "abc" {
		t.Errorf("got %+v and %v, want codec 0, 256 plain bytes and abc", p, err)
	}
	for n := range len(fields) - len("abc") {
		if _, err := parsePayload(fields[:n]); err == nil {
			t.Errorf("the first %d bytes are accepted, want an error", n)
		}
	}
	p, err = parsePayload([]byte{payloadSize, 1, 3, payloadEnd, 'a', 'b', 'c'})
	if err != nil || p.codec != codecNone || p.plainSize != 3 {
		t.Errorf("without a codec got %+v and %v, want 3 plain bytes", p, err)
	}
}
