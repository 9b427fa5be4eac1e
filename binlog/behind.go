package binlog

import (
	"context"
	"database/sql"
	"fmt"
)

// logFile is a binlog file and how far it reaches.
type logFile struct {
	name string
	size uint64
}

// encryptedHeader is what stands before the events in an encrypted file of MySQL;
// it counts in the file's size and in no position.
const encryptedHeader = 512

// binlogFiles asks which binlog files the server keeps, the oldest first.
func (s *server) binlogFiles(ctx context.Context) ([]logFile, error) {
	rows, err := s.db.QueryContext(ctx, "SHOW BINARY LOGS")
	if err != nil {
		return nil, fmt.Errorf("ask the server for its binlog files: %w", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("ask the server for its binlog files: %w", err)
	}
	var files []logFile
	for rows.Next() {
		var one logFile
		var encrypted sql.NullString
		into := []any{&one.name, &one.size, &encrypted}[:min(3, len(columns))] // MariaDB has two.
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("ask the server for its binlog files: %w", err)
		}
		if encrypted.String == "Yes" {
			one.size -= encryptedHeader
		}
		files = append(files, one)
	}
	return files, rows.Err()
}

// bytesBehind is how much the files hold behind a place. It is false where they
// do not hold the place.
func bytesBehind(files []logFile, at coordinates) (bytes uint64, ok bool) {
	for _, f := range files {
		switch {
		case ok:
			bytes += f.size
		case f.name == at.file:
			ok = true
			if f.size > at.pos { // The reader can be ahead of the answer.
				bytes = f.size - at.pos
			}
		}
	}
	return bytes, ok
}
