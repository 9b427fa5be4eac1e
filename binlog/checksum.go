package binlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
)

// checksumLen is how long an event's checksum is. It stands at the event's end.
const checksumLen = 4

// intact verifies the event's checksum where the file says that events have one.
func (s *stream) intact(e *replication.BinlogEvent) error {
	switch event := e.Event.(type) {
	case *replication.FormatDescriptionEvent:
		s.checksum = event.ChecksumAlgorithm
	case *replication.RotateEvent:
		if isFirst(event, e.RawData) {
			return nil
		}
	}
	if s.checksum == replication.BINLOG_CHECKSUM_ALG_CRC32 && !matches(e.RawData) {
		return fmt.Errorf("event %s of %d bytes: %w", e.Header.EventType, e.Header.EventSize, errChecksum)
	}
	return nil
}

// isFirst reports whether a rotation is the first event of a connection, and puts
// its name right: the library does not know then whether there are checksums, and
// takes one for a part of the name.
func isFirst(event *replication.RotateEvent, raw []byte) bool {
	const before = replication.EventHeaderSize + 8
	name := event.NextLogName
	if before+len(name) != len(raw) {
		return false
	}
	if len(name) > checksumLen && matches(raw) {
		event.NextLogName = name[:len(name)-checksumLen]
	}
	return true
}

func matches(raw []byte) bool {
	end := len(raw) - checksumLen
	return end >= 0 && crc32.ChecksumIEEE(raw[:end]) == binary.LittleEndian.Uint32(raw[end:])
}

// checksummedGTIDs asks a MariaDB server for the checksums that the library has
// just declined, in the statement that says from where it is to send.
type checksummedGTIDs struct{ mysql.GTIDSet }

// String is what the library puts between quotes.
func (g checksummedGTIDs) String() string {
	return g.GTIDSet.String() + `', @master_binlog_checksum='CRC32`
}
