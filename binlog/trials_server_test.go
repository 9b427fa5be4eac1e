package binlog

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telltale/internal/mysqlserver"
)

// operation is a command of an operator.
type operation func(context.Context, Options) (Position, error)

// serverTrials are what happens to the server's binlog and in its sessions.
func (s *scene) serverTrials() []trial {
	return []trial{
		{
			name: "the position is purged", what: "The server removed binlog files while the reader was away: with changes that were not published, or up to the last one that was.",
			round: s.purgePosition,
		},
		{
			name: "the binlog is reset", what: "The server forgot its binlog and its GTIDs while the reader was away, and up to eight transactions used the numbers again.",
			round: s.resetBinlog,
		},
		{
			name: "the binlog is reset under a running reader", what: "The same while the reader ran.",
			round: s.resetUnderReader,
		},
		{
			name: "an older backup is restored", what: "The server's files were exchanged for a copy that was made before the newest changes; every other time something else was written then.",
			round: s.restoreBackup,
		},
		{
			name: "a bit of a binlog file is flipped", what: "One bit, of a row that was not read yet, was flipped in the server's file.",
			round: func(t *testing.T) verdict { return s.damageFile(t, false) },
		},
		{
			name: "a binlog file is cut off", what: "The server's file was cut off inside of a row that was not read yet.",
			round: func(t *testing.T) verdict { return s.damageFile(t, true) },
		},
		{
			name: "clocks jump", what: "The reader's clock went an hour forth and back, and the sessions' and the server's time zones changed; a session said when its transactions were committed.",
			round: s.jumpClocks,
		},
		{
			name: "XA branches", what: "Branches were prepared, the reader was stopped or the server killed, and then each was committed or rolled back, in another order.",
			round: s.playBranches,
		},
		{
			name: "sessions with settings of their own", what: "A session left numbers out between its GTIDs, kept what it did out of the binlog, logged part of its rows' images, or logged statements, at which the reader ends.",
			round: s.playSession,
		},
	}
}

func (s *scene) purgePosition(t *testing.T) verdict {
	t.Helper()
	s.mustStop(t)
	how, want := operation(Trust), ending(refusedUnproved)
	if s.coin() {
		how, want = Reset, refusedPurged
		s.writeUnseen(t, 1+s.random.IntN(5))
		s.exec(t, "FLUSH BINARY LOGS")
		s.writeUnseen(t, 1)
	}
	s.purge(t)
	came := s.refuses(t)
	s.mend(t, how)
	return ended(came, want)
}

func (s *scene) resetBinlog(t *testing.T) verdict {
	t.Helper()
	s.mustStop(t)
	s.exec(t, forget(t, s.servers))
	s.writeUnseen(t, 1+s.random.IntN(8))
	came, want := s.refuses(t), s.forgotten(t)
	s.mend(t, Reset)
	return ended(came, want)
}

func (s *scene) resetUnderReader(t *testing.T) verdict {
	t.Helper()
	s.exec(t, forget(t, s.servers))
	s.writeUnseen(t, 1+s.random.IntN(8))
	came := s.endsUnderWrites(t)
	s.check(t)
	want := []ending{refusedLacking, "binlog.Refused"} // Before the numbers were used again.
	if s.forgotten(t) == refusedDiverged {
		want = append(want, refusedDiverged)
	}
	s.mend(t, Reset)
	return ended(came, want...)
}

// endsUnderWrites waits for the running reader to end by itself, and has something
// written each second: a binlog that is as long again as it was, to the byte, tells
// the reader nothing until it grows.
func (s *scene) endsUnderWrites(t *testing.T) ending {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case err := <-s.ended:
			return nameOf(t, err)
		case <-time.After(time.Second):
			s.writeUnseen(t, 1)
		}
	}
	t.Fatal("the reader goes on")
	return ""
}

func (s *scene) restoreBackup(t *testing.T) verdict {
	t.Helper()
	restore := s.backup(t)
	s.write(t, 1+s.random.IntN(5))
	s.published(t)
	s.mustStop(t)
	restore()
	s.look(t)
	if s.coin() {
		s.writeUnseen(t, 1+s.random.IntN(8))
	}
	came, want := s.refuses(t), s.forgotten(t)
	s.mend(t, Reset)
	return ended(came, want)
}

// forgotten is how a server is refused that has forgotten what was published: it
// lacks transactions, or has given all their numbers to others.
func (s *scene) forgotten(t *testing.T) ending {
	t.Helper()
	p, _, err := ReadPosition(t.Context(), s.o.Kafka, s.o.Name)
	if err != nil {
		t.Fatal(err)
	}
	// Numbers count up here, those of MariaDB within a domain.
	has := "SELECT GTID_SUBSET(?, @@GLOBAL.gtid_executed)"
	if s.mariadb() {
		has = "SELECT SUBSTRING_INDEX(?, '-', -1) + 0 <= SUBSTRING_INDEX(@@GLOBAL.gtid_binlog_pos, '-', -1) + 0"
	}
	var all bool
	if err := s.db.QueryRowContext(t.Context(), has, p.GTIDSet).Scan(&all); err != nil {
		t.Fatal(err)
	}
	if all {
		return refusedDiverged
	}
	return refusedLacking
}

// damageFile damages a row in a file, or cuts the file off there. What stands
// before it is published.
func (s *scene) damageFile(t *testing.T, cut bool) verdict {
	t.Helper()
	s.mustStop(t)
	mark := fmt.Sprintf("damage me %d", s.round)
	s.write(t, 1+s.random.IntN(5))
	s.exec(t, "UPDATE customers SET name = '"+mark+"' WHERE id = 1", "FLUSH BINARY LOGS")
	s.writeUnseen(t, 1+s.random.IntN(3))
	path, file := s.fileWith(t, mark)
	at := bytes.LastIndex(file, []byte(mark)) + s.random.IntN(len(mark))
	want := ending("binlog.Checksum")
	if cut { // The server itself sees that.
		want = "binlog.Refused"
		file = file[:at]
	} else {
		file[at] ^= 1 << s.random.IntN(8)
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	err := s.fails(t)
	if !strings.Contains(err.Error(), filepath.Base(path)) {
		t.Errorf("got %v, want it to name %s", err, path)
	}
	s.check(t)
	s.mend(t, Reset)
	return ended(nameOf(t, err), want)
}

// fileWith is the binlog file that holds a text.
func (s *scene) fileWith(t *testing.T, text string) (path string, file []byte) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.dir, "data", "*.[0-9]*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if file, err := os.ReadFile(path); err == nil && bytes.Contains(file, []byte(text)) {
			return path, file
		}
	}
	t.Fatalf("no binlog file of %q holds %q", paths, text)
	return "", nil
}

func (s *scene) jumpClocks(t *testing.T) verdict {
	t.Helper()
	zone := []string{"+05:30", "-11:00", "+00:00", "SYSTEM"}[s.random.IntN(4)]
	shift := s.random.IntN(7200) - 3600
	s.shift.Store(int64(time.Duration(s.random.IntN(7200)-3600) * time.Second))
	var statements []string
	if !s.mariadb() {
		statements = append(statements, fmt.Sprintf("SET original_commit_timestamp = (UNIX_TIMESTAMP() + %d) * 1000000", shift))
	}
	statements = append(statements, "SET GLOBAL time_zone = '"+zone+"'", "SET time_zone = '"+zone+"'", fmt.Sprintf("SET timestamp = UNIX_TIMESTAMP() + %d", shift))
	instant := time.Unix(1_700_000_000+s.random.Int64N(10_000_000), s.random.Int64N(1_000_000)*1000).UTC()
	offset := map[string]string{"SYSTEM": "+00:00"}[zone]
	if offset == "" {
		offset = zone
	}
	s.session(t, append(statements[:len(statements):len(statements)], fmt.Sprintf("INSERT INTO moments VALUES (%d, CONVERT_TZ('%s', '+00:00', '%s'))",
		s.moments(t)+1, instant.Format("2006-01-02 15:04:05.000000"), offset))...)
	s.write(t, 3, statements...)
	s.shift.Store(int64(time.Duration(s.random.IntN(7200)-3600) * time.Second))
	s.write(t, 3, statements...)
	s.published(t)
	s.wantMoment(t, s.moments(t), instant, time.Now().Add(time.Duration(shift)*time.Second))
	return lives()
}

// moments counts the rows of the table of instants.
func (s *scene) moments(t *testing.T) (n int) {
	t.Helper()
	if err := s.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM moments").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// wantMoment wants the newest of n rows to hold an instant, and to have been
// committed within some minutes of another.
func (s *scene) wantMoment(t *testing.T, n int, instant, committed time.Time) {
	t.Helper()
	want := fmt.Sprintf(`{"id":%d,"at":"%s"}`, n, instant.Format("2006-01-02T15:04:05.000000Z"))
	for _, r := range s.records(t, "moments", n) {
		if string(r.After) != want {
			continue
		}
		if off := time.UnixMilli(r.Source.TsMS).Sub(committed).Abs(); off > 5*time.Minute {
			t.Errorf("the commit's time is %v off", off)
		}
		return
	}
	t.Errorf("no record of the moments is %s", want)
}

func (s *scene) playBranches(t *testing.T) verdict {
	t.Helper()
	ids := s.random.Perm(len(s.versions))[:2+s.random.IntN(4)]
	xid := func(id int) string { return fmt.Sprintf("'round %d, %d'", s.round, id+1) }
	for _, id := range ids {
		s.session(t, branch(xid(id), fmt.Sprintf("UPDATE customers SET version = version + 1 WHERE id = %d", id+1))...)
	}
	if s.coin() {
		s.published(t) // The branches are read, and undecided.
	}
	switch s.random.IntN(3) {
	case 0:
		s.mustStop(t)
		s.start(t)
	case 1:
		s.restart(t, (*mysqlserver.Server).Kill)
	}
	s.healed = time.Now()
	s.random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for _, id := range ids {
		if s.random.IntN(3) == 0 {
			s.decide(t, "XA ROLLBACK "+xid(id))
			continue
		}
		s.decide(t, "XA COMMIT "+xid(id))
		s.publish(id + 1)
	}
	return lives()
}

func (s *scene) playSession(t *testing.T) verdict {
	t.Helper()
	n := 1 + s.random.IntN(5)
	switch s.random.IntN(6) {
	case 0:
		return s.statements(t, "SET SESSION binlog_format = 'STATEMENT'")
	case 1:
		return s.statements(t, "SET SESSION binlog_format = 'MIXED'")
	case 2:
		s.writeUnseen(t, n, "SET SESSION sql_log_bin = 0")
	case 3:
		s.write(t, n, "SET SESSION binlog_row_image = 'MINIMAL'")
	case 4:
		s.write(t, n, "SET SESSION binlog_row_image = 'NOBLOB'")
	default:
		s.write(t, 1, s.gap(t))
	}
	return lives()
}

// statements has a session log statements, at which the reader ends.
func (s *scene) statements(t *testing.T, format string) verdict {
	t.Helper()
	s.writeUnseen(t, 1+s.random.IntN(3), format)
	came := s.ends(t)
	s.check(t)
	s.mend(t, Reset)
	return ended(came, "binlog.StatementFormat")
}

// gap is the statement that leaves out numbers before the next transaction.
func (s *scene) gap(t *testing.T) string {
	t.Helper()
	n := 1_000_000 + 1000*s.round + s.random.IntN(1000)
	if s.mariadb() {
		return fmt.Sprintf("SET SESSION gtid_seq_no = %d", n)
	}
	var uuid string
	if err := s.db.QueryRowContext(t.Context(), "SELECT @@server_uuid").Scan(&uuid); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("SET gtid_next = '%s:%d'", uuid, n)
}
