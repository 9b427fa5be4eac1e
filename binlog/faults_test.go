package binlog

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqllink"
	"telltale/internal/mysqlserver/mysqltest"
)

// sourceFault is what happens to the server or to the way to it, and heals,
// while a ledger is written.
type sourceFault struct {
	name   string
	inject func(t *testing.T, f *faulty)
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
		{"the server hangs up", hangUp},
		{"cuts inside of transactions", cutStreams},
		{"a slow link", slowLink},
		{"files change all the time", rotateOften},
		{"the password is changed and changed back", changePassword},
		{"the server stands still", stopServer},
		{"the server is killed", killServer},
	}
}

// A reader outlives each fault by itself, and publishes what was committed, each
// change once and in order, whatever the seed.
func TestSourceFaults(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		h := newHarnessOn(t, servers)
		h.exec(t, customers, "CREATE USER reader IDENTIFIED BY 'r'",
			"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader", "GRANT SELECT ON shop.* TO reader")
		h.o.DSN = readerDSN(t, h.mysql)
		f := &faulty{harness: h, log: h.journal(), random: rand.New(rand.NewPCG(seed, 1))}
		f.link = h.link(t)
		h.start(t)
		const rows = 8
		l := newLedger(t, h, seed, rows)
		for _, fault := range sourceFaults() {
			t.Run(fault.name, func(t *testing.T) {
				stop, done := make(chan struct{}), make(chan error, 1)
				go func() { done <- l.run(t.Context(), stop) }()
				fault.inject(t, f)
				close(stop)
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				h.published(t)
				h.checkVersions(t, rows, l.sum())
				t.Logf("%d changes; %d answers were lost, %d of them of commits", l.sum(), l.lost, l.landed)
			})
		}
		h.mustStop(t)
	})
}

// pause is a random one of at most so long.
func (f *faulty) pause(most time.Duration) { time.Sleep(time.Duration(f.random.Int64N(int64(most)))) }

// killDump ends the reader's connection at the server, if there is one.
func (f *faulty) killDump(t *testing.T) {
	t.Helper()
	var id int
	err := f.db.QueryRowContext(t.Context(), "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'").Scan(&id)
	if err == nil { // Else it is being taken up right now, as it is if the server has forgotten it by now.
		_, _ = f.db.ExecContext(t.Context(), fmt.Sprintf("KILL %d", id))
	}
}

func hangUp(t *testing.T, f *faulty) {
	for range 6 {
		f.pause(300 * time.Millisecond)
		f.killDump(t)
	}
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
	f.killDump(t)
	f.log.says(t, "Access denied")
	f.exec(t, "ALTER USER reader IDENTIFIED BY 'r'")
}

// stopServer keeps the server from saying anything until the reader has noticed.
func stopServer(t *testing.T, f *faulty) {
	if err := f.mysql.Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.mysql.Resume(); err != nil {
			t.Error(err)
		}
	}()
	f.log.says(t, errSilent.Error())
}

func killServer(t *testing.T, f *faulty) {
	f.pause(500 * time.Millisecond)
	f.restart(t, (*mysqlserver.Server).Kill)
	f.pause(500 * time.Millisecond)
}
