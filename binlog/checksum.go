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
		const bare = replication.EventHeaderSize + 8                     // What stands before the name.
		if name := event.NextLogName; bare+len(name) == len(e.RawData) { // The first of a connection, before the library knows of checksums.
			if len(name) > checksumLen && matches(e.RawData) {
				event.NextLogName = name[:len(name)-checksumLen]
			}
			return nil
		}
	}
	if s.checksum == replication.BINLOG_CHECKSUM_ALG_CRC32 && !matches(e.RawData) {
		return fmt.Errorf("event %s of %d bytes: %w", e.Header.EventType, e.Header.EventSize, errChecksum)
	}
	return nil
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
