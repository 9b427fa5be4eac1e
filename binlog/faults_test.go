package binlog

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
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

var (
	faultRounds = flag.Int("fault-rounds", 1, "how many rounds of each fault to play")
	faultSeed   = flag.Uint64("fault-seed", 1, "seed of the moments and of what is written")
	faultReport = flag.String("fault-report", "", "file to write what came of the faults to")
)

// A reader outlives each fault by itself, and publishes what was committed, each
// change once and in order. `make faults` plays many rounds and writes
// docs/faults-source.md.
func TestSourceFaults(t *testing.T) {
	t.Parallel()
	var report faultLines
	t.Run("servers", func(t *testing.T) {
		mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) { testSourceFaults(t, servers, &report) })
	})
	if *faultReport != "" && !t.Failed() {
		if err := os.WriteFile(*faultReport, []byte(report.markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func testSourceFaults(t *testing.T, servers mysqltest.Servers, report *faultLines) {
	seed := *faultSeed
	h := newHarnessOn(t, servers)
	h.exec(t, customers, "CREATE USER reader IDENTIFIED BY 'r'",
		"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader", "GRANT SELECT ON shop.* TO reader")
	h.o.DSN, h.o.heartbeat = readerDSN(t, h.mysql), shortHeartbeat
	f := &faulty{harness: h, log: h.journal(), random: rand.New(rand.NewPCG(seed, 1))}
	f.link = h.link(t)
	h.start(t)
	const rows = 8
	l := newLedger(t, h, seed, rows)
	for _, fault := range sourceFaults() {
		t.Run(fault.name, func(t *testing.T) {
			before := *l
			changes := l.sum()
			for range *faultRounds {
				f.play(t, l, fault)
			}
			h.checkVersions(t, rows, l.sum())
			line := faultLine{fault.name, string(h.mysql.Flavor()), l.sum() - changes, l.lost - before.lost, l.landed - before.landed}
			t.Logf("seed %d: %+v", seed, line)
			report.add(line)
		})
	}
	h.mustStop(t)
}

// play writes the ledger while a fault is injected, and waits until all of it is
// published.
func (f *faulty) play(t *testing.T, l *ledger, fault sourceFault) {
	t.Helper()
	f.log.clear()
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- l.run(t.Context(), stop) }()
	fault.inject(t, f)
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f.published(t)
}

// faultLine is what came of the rounds of a fault: how many changes were committed
// and published, how many answers the ledger lost meanwhile, and how many of those
// transactions took place.
type faultLine struct {
	fault, server         string
	changes, lost, landed int
}

// faultLines gather from tests that run at the same time.
type faultLines struct {
	mu    sync.Mutex
	lines []faultLine
}

func (f *faultLines) add(l faultLine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, l)
}

// markdown is the report as a page.
func (f *faultLines) markdown() string {
	slices.SortFunc(f.lines, func(a, b faultLine) int { return strings.Compare(a.server+a.fault, b.server+b.fault) })
	var b strings.Builder
	fmt.Fprintf(&b, "# Faults of the server under load, and what came of them\n\n"+
		"%s. `make faults` does it again and writes this page.\n\n"+
		"One reader went through all faults on each server, rounds of each: %d, with seed %d, while rows were counted up in transactions of up to nine updates, one in eight of which was rolled back. "+
		"After each fault every row's versions stood in its topic from the first to the last, none missing, none twice, none in another order.\n\n"+
		"| server | fault | changes | answers lost | of commits that took place |\n|---|---|---:|---:|---:|\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), *faultRounds, *faultSeed)
	for _, l := range f.lines {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d |\n", l.server, l.fault, l.changes, l.lost, l.landed)
	}
	return b.String()
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

func killServer(t *testing.T, f *faulty) {
	f.pause(500 * time.Millisecond)
	f.restart(t, (*mysqlserver.Server).Kill)
	f.pause(500 * time.Millisecond)
}
