package binlog

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"telltale/internal/binarytest"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqllink"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/load"
)

// sourceFault is what happens to the server or to the way to it, and heals,
// while the shop is under load.
type sourceFault struct {
	name, what string
	inject     func(t *testing.T, f *faulty)
}

// faulty is what faults happen to.
type faulty struct {
	*harness
	link   *mysqllink.Link
	log    *journal
	random *rand.Rand
}

func sourceFaults() []sourceFault {
	return []sourceFault{
		{"the server hangs up", "The server ended the reader's connection six times, at random moments.", hangUp},
		{"cuts inside of transactions", "The connection was reset six times, each time when so many bytes had come, of up to 8 KiB.", cutStreams},
		{"a slow link", "Each piece came 20 ms late, and no more than 64 KiB a second, for a second.", slowLink},
		{"files change all the time", "The server began a new binlog file forty times.", rotateOften},
		{"the password is changed and changed back", "The reader's account got another password, and its old one when the reader had met that.", changePassword},
		{"the server stands still", "The server was stopped in its tracks (SIGSTOP) until the reader had noticed.", stopServer},
		{"the way to the server breaks without a word", "Nothing came through any more and no connection was closed, until the reader had noticed.", swallowStream},
		{"the server is killed", "The server was killed (kill -9) and started again.", killServer},
	}
}

var (
	faultRounds = flag.Int("fault-rounds", 1, "how many rounds of each fault to play")
	faultSeed   = flag.Uint64("fault-seed", 1, "seed of the moments and of what is written")
	faultOnly   = flag.String("fault-only", "", "play the faults alone whose names match this pattern")
	faultCommit = flag.String("fault-commit", "unknown", "which commit runs, for the report")
	faultReport = flag.String("fault-report", "", "file to write what came of the faults to")
)

// TestSourceFaults plays a round of each fault of the servers, of the way to them,
// of topics and of brokers, on a world for each kind. `make faults` plays many
// rounds and writes docs/faults-source.md.
func TestSourceFaults(t *testing.T) {
	t.Parallel()
	var report faultLines
	binary := binarytest.Build(t)
	t.Run("worlds", func(t *testing.T) {
		t.Run("under load", func(t *testing.T) {
			t.Parallel()
			mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) { playUnderLoad(t, servers, binary, &report) })
		})
		for _, world := range []struct {
			name string
			play func(*testing.T, mysqltest.Servers, *faultLines)
		}{{"another server", playFailovers}, {"servers and topics", playScene}} {
			t.Run(world.name, func(t *testing.T) {
				t.Parallel()
				mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) { world.play(t, servers, &report) })
			})
		}
		t.Run("brokers", func(t *testing.T) {
			t.Parallel()
			l := newLosing(t, mysqltest.Servers{}, seeded(), binary)
			l.some(t)
			l.play(t, l.trials(), &report)
			l.mustStop(t)
		})
		if *faultReport != "" { // Else TestClusterChanges does it.
			t.Run("rights", func(t *testing.T) {
				t.Parallel()
				playRights(t, &report)
			})
		}
	})
	if *faultReport != "" && !t.Failed() {
		if err := os.WriteFile(*faultReport, []byte(report.markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// seeded is what a world draws from.
func seeded() *rand.Rand { return rand.New(rand.NewPCG(*faultSeed, 2)) }

func playFailovers(t *testing.T, servers mysqltest.Servers, report *faultLines) {
	s := newScene(t, servers, seeded())
	s.play(t, s.failoverTrials(), report)
	s.mustStop(t)
}

func playScene(t *testing.T, servers mysqltest.Servers, report *faultLines) {
	s := newScene(t, servers, seeded())
	s.play(t, append(s.topicTrials(), s.serverTrials()...), report)
	s.mustStop(t)
}

func playRights(t *testing.T, report *faultLines) {
	h, admin := newGuarded(t)
	rights := readmeRights(t)
	grant(t, admin, rights...)
	h.exec(t, customers)
	b := &guarded{admin: admin, takings: takings(admin, rights)}
	h.start(t)
	b.book = newBook(t, h, seeded(), 5)
	b.play(t, b.trials(), report)
	b.mustStop(t)
}

// playUnderLoad has a reader outlive each fault by itself while the shop is under
// load.
func playUnderLoad(t *testing.T, servers mysqltest.Servers, binary string, report *faultLines) {
	h := newHarnessOn(t, servers)
	migrateShop(t, h, binary)
	h.exec(t, "CREATE USER reader IDENTIFIED BY 'r'",
		"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader", "GRANT SELECT ON shop.* TO reader")
	h.o.DSN, h.o.heartbeat = readerDSN(t, h.mysql), shortHeartbeat
	f := &faulty{harness: h, log: h.journal(), random: rand.New(rand.NewPCG(*faultSeed, 1))}
	f.link = h.link(t)
	h.start(t)
	s := openShop(t, h, *faultSeed)
	for _, fault := range sourceFaults() {
		if !regexp.MustCompile(*faultOnly).MatchString(fault.name) {
			continue
		}
		before := s.shopTally
		line := faultLine{fault: fault.name, what: fault.what, server: string(h.mysql.Flavor())}
		for range *faultRounds {
			line.recoveries = append(line.recoveries, f.play(t, s, fault))
		}
		s.read(t)
		s.check(t, h)
		line.changes, line.lost, line.landed = s.changes-before.changes, s.lost-before.lost, s.landed-before.landed
		line.endings = map[ending]int{h.still(t): *faultRounds}
		t.Logf("seed %d: %+v", *faultSeed, line)
		report.add(line)
	}
	h.mustStop(t)
	if s.changes == 0 {
		t.Error("nothing was written")
	}
	if err := s.final.Verify(t.Context(), h.db); err != nil { // What all else was held against.
		t.Error(err)
	}
}

// play has the load run while a fault is injected, and waits until all of it is
// published: that is how long it took from when all was well again.
func (f *faulty) play(t *testing.T, s *shop, fault sourceFault) time.Duration {
	t.Helper()
	f.log.clear()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, load.Span{}) }()
	fault.inject(t, f)
	healed := time.Now()
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f.published(t)
	return time.Since(healed)
}

// pause is a random one of at most so long.
func (f *faulty) pause(most time.Duration) { time.Sleep(time.Duration(f.random.Int64N(int64(most)))) }

// killDumps ends the reader's connection at the server, and those of before that it
// has not given up, and tells how many. There may be none: it may be taken up right
// now.
func (f *faulty) killDumps(t *testing.T) int {
	t.Helper()
	ids, err := f.dumps(t)
	// MySQL fails to list a statement with bytes that are no text, which the load's
	// sign-ins are for a moment.
	for deadline := time.Now().Add(patience); err != nil; ids, err = f.dumps(t) {
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	for _, id := range ids {
		_, _ = f.db.ExecContext(t.Context(), fmt.Sprintf("KILL %d", id)) // It may be gone by now.
	}
	return len(ids)
}

// dumps are the connections that ask for the binlog.
func (f *faulty) dumps(t *testing.T) (ids []int, err error) {
	t.Helper()
	rows, err := f.db.QueryContext(t.Context(), "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func hangUp(t *testing.T, f *faulty) {
	deadline := time.Now().Add(patience)
	for times := 0; times < 6; {
		f.pause(300 * time.Millisecond)
		if f.killDumps(t) > 0 {
			times++
		}
		if time.Now().After(deadline) {
			t.Fatalf("the reader had a connection %d times, want 6", times)
		}
	}
	f.log.says(t, "session ended")
}

func cutStreams(t *testing.T, f *faulty) {
	for range 6 {
		f.link.CutStream(1 + f.random.Int64N(8<<10))
		f.link.Cut()
		f.pause(500 * time.Millisecond)
	}
	f.link.Heal()
}

func slowLink(_ *testing.T, f *faulty) {
	f.link.Slow(mysqllink.Pace{Delay: 20 * time.Millisecond, BytesPerSecond: 64 << 10})
	time.Sleep(time.Second)
	f.link.Heal()
}

func rotateOften(t *testing.T, f *faulty) {
	for range 40 {
		f.exec(t, "FLUSH BINARY LOGS")
		f.pause(20 * time.Millisecond)
	}
}

func changePassword(t *testing.T, f *faulty) {
	f.exec(t, "ALTER USER reader IDENTIFIED BY 'another'")
	const denied = "Access denied"
	for deadline := time.Now().Add(patience); !strings.Contains(f.log.String(), denied); f.pause(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log does not say %q:\n%s", denied, f.log)
		}
		f.killDumps(t) // A connection may have been made just before.
	}
	f.exec(t, "ALTER USER reader IDENTIFIED BY 'r'")
}

// stopServer keeps the server from saying anything until the reader has noticed,
// by the silence, or by an answer that does not come where it was connecting.
func stopServer(t *testing.T, f *faulty) {
	f.pause(500 * time.Millisecond)
	if err := f.mysql.Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.mysql.Resume(); err != nil {
			t.Error(err)
		}
	}()
	f.log.says(t, "session ended")
}

// swallowStream has the way take everything and pass on nothing, half of the time
// also for those who connect anew, until the reader has noticed.
func swallowStream(t *testing.T, f *faulty) {
	f.pause(500 * time.Millisecond)
	f.link.Swallow()
	if f.random.IntN(2) == 0 {
		f.link.Heal()
	}
	f.log.says(t, "session ended")
	f.link.Heal()
}

func killServer(t *testing.T, f *faulty) {
	f.pause(500 * time.Millisecond)
	f.restart(t, (*mysqlserver.Server).Kill)
	f.pause(500 * time.Millisecond)
}
