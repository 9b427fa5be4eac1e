package binlog

import "fmt"

// detached finds a connection on which the server sends no more of its binlog,
// but signs of life for ever. Both servers do that to a reader under which the
// binlog is reset: it reads on in a file that is gone. A new connection, which
// begins with the proof that the position is right, finds out.
type detached struct {
	at    coordinates
	beats uint64
	// suspects counts the looks in a row at which nothing came but heartbeats,
	// although the binlog ends elsewhere.
	suspects int
}

// errDetached ends such a connection.
var errDetached = because("binlog.Detached", "the server sends nothing of it; it was reset, or the server has lost the reader")

// look compares where the server had nothing more to send with where its binlog
// ends. known is where that was the case at the last connection that ended so:
// some end of a file that is never sent must not end one after the other.
func (d *detached) look(files []logFile, at coordinates, beats uint64, known *coordinates) error {
	moved, idle := at != d.at, beats > d.beats
	d.at, d.beats = at, beats
	if moved {
		d.suspects = 0
	}
	if moved || !idle || len(files) == 0 {
		return nil
	}
	end := coordinates{files[len(files)-1].name, files[len(files)-1].size}
	if end == at || end == *known {
		d.suspects = 0
		return nil
	}
	if d.suspects++; d.suspects < 2 {
		return nil
	}
	*known = end
	return fmt.Errorf("read up to %s:%d, and the binlog ends at %s:%d: %w", at.file, at.pos, end.file, end.pos, errDetached)
}
