package binlog

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"telltale/internal/apachekafka"
	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/kafkaclient"
	"telltale/internal/mysqlserver/mysqltest"
)

// losing is a reader on a broker that can be made to lose what it acknowledged.
type losing struct {
	*book
	options apachekafka.Options
	server  *apachekafka.Server
	// behind has how many changes were published by position.
	behind map[string]int
	// binary is that of the reader that is killed, and notes are the rows that were
	// written for it.
	binary string
	notes  int
}

// newLosing makes one, which runs. The customers have one partition, so that its
// log is in the order of the changes.
func newLosing(t *testing.T, servers mysqltest.Servers, random *rand.Rand, binary string) *losing {
	t.Helper()
	h := newHarnessOn(t, servers)
	l := &losing{options: apachekafka.Options{Dir: filepath.Join(t.TempDir(), "kafka")}, behind: map[string]int{}, binary: binary}
	l.server = apachekafkatest.StartWith(t, l.options)
	h.o.Kafka.Brokers, h.o.Partitions, h.o.topicsEvery = l.server.Brokers(), 1, time.Second
	if _, err := fmt.Sscanf(l.server.Brokers(), "127.0.0.1:%d", &l.options.Port); err != nil {
		t.Fatal(err)
	}
	h.exec(t, customers)
	h.start(t)
	l.book = newBook(t, h, random, 5)
	l.published(t)
	return l
}

// some has transactions published, each in a Kafka transaction of its own.
func (l *losing) some(t *testing.T) (transactions int) {
	t.Helper()
	l.behind[l.published(t).GTIDSet] = len(l.log)
	transactions = 1 + l.random.IntN(3)
	for range transactions {
		l.write(t, 1)
		l.behind[l.published(t).GTIDSet] = len(l.log)
	}
	return transactions
}

// lose kills the broker, has a topic's log end before its newest transactions, as a
// machine does that loses its power, and starts the broker again. It returns how
// many records are left.
func (l *losing) lose(t *testing.T, topic string, transactions int) (records int) {
	t.Helper()
	if err := l.server.Kill(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(l.options.Dir, "data", topic+"-0", "00000000000000000000.log")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end, records := cutLog(t, file, transactions)
	if l.coin() { // Inside a batch: the broker drops what is left of it.
		end += l.random.IntN(batchLen(file[end:]))
	}
	if err := os.Truncate(path, int64(end)); err != nil {
		t.Fatal(err)
	}
	l.server = apachekafkatest.StartWith(t, l.options)
	return records
}

// endsTransaction is the flag of a batch that is the end of a transaction.
const endsTransaction = 1 << 5

// cutLog is where the newest transactions begin in a log, and how many records
// stand before them.
func cutLog(t *testing.T, file []byte, transactions int) (end, records int) {
	t.Helper()
	type cut struct{ end, records int }
	cuts := []cut{{}}
	for at := 0; at < len(file); {
		attributes, n := binary.BigEndian.Uint16(file[at+21:]), int(binary.BigEndian.Uint32(file[at+57:]))
		at += batchLen(file[at:])
		if attributes&endsTransaction == 0 {
			records += n
			continue
		}
		cuts = append(cuts, cut{at, records})
	}
	if len(cuts) <= transactions {
		t.Fatalf("the log has %d transactions, want to cut %d", len(cuts)-1, transactions)
	}
	last := cuts[len(cuts)-1-transactions]
	return last.end, last.records
}

// batchLen is how long the batch is that a log begins with.
func batchLen(file []byte) int { return 12 + int(binary.BigEndian.Uint32(file[8:])) }

// loseRecords has the broker lose newest records of a topic while no reader runs.
func (l *losing) loseRecords(t *testing.T) error {
	t.Helper()
	n := l.some(t)
	l.mustStop(t)
	l.log = l.log[:l.lose(t, "shop.shop.customers", 1+l.random.IntN(n))]
	err := l.fails(t)
	l.check(t)
	return err
}

// loseUnderReader is loseRecords while a reader runs.
func (l *losing) loseUnderReader(t *testing.T) error {
	t.Helper()
	n := l.some(t)
	l.log = l.log[:l.lose(t, "shop.shop.customers", 1+l.random.IntN(n))]
	l.write(t, 1)
	return awaitEnd(t, l.ended)
}

// losePositions has the broker lose the newest positions, of which records are left
// that come again when an operator says so.
func (l *losing) losePositions(t *testing.T) error {
	t.Helper()
	n := l.some(t)
	l.mustStop(t)
	l.lose(t, PositionsTopic("shop"), 1+l.random.IntN(n))
	err := l.fails(t)
	l.check(t)
	p, _, readErr := ReadPosition(t.Context(), l.o.Kafka, "shop")
	published, known := l.behind[p.GTIDSet]
	if !known || readErr != nil {
		t.Fatalf("the position is %+v, %v", p, readErr)
	}
	l.log = append(l.log, l.log[published:]...)
	return err
}

// goOn adopts the topics as they are, and has the reader go on.
func (l *losing) goOn(t *testing.T) {
	t.Helper()
	l.healed = time.Now()
	if _, err := Adopt(t.Context(), l.o); err != nil {
		t.Fatal(err)
	}
	l.start(t)
	l.write(t, 2)
	l.published(t)
}

// trials are the ways to lose something.
func (l *losing) trials() []trial {
	round := func(lose func(*testing.T) error, want ending) func(*testing.T) verdict {
		return func(t *testing.T) verdict {
			err := lose(t)
			l.goOn(t)
			return ended(nameOf(t, err), want)
		}
	}
	return []trial{
		{
			name: "the broker loses records", what: "The broker was killed, the newest transactions of the customers' topic were cut from its log, also inside a batch, and it was started again.",
			round: round(l.loseRecords, "binlog.TopicError"),
		},
		{
			name: "the broker loses records under a running reader", what: "The same while the reader ran.",
			round: round(l.loseUnderReader, "binlog.TopicError"),
		},
		{
			name: "the broker loses positions", what: "The same with the topic of positions; what came behind was published again when the operator said so.",
			round: round(l.losePositions, refusedOverrun),
		},
		{ // The last: the topic has records then that were aborted.
			name: "the reader is killed inside of a transaction", what: "The reader was killed (kill -9) when part of a transaction with rows in two topics and four partitions was in an open Kafka transaction, and another one started. What was aborted was not taken for a loss.",
			round: l.killReader,
		},
	}
}

// Where topics end is known to the offset, without a question to the brokers.
func TestEndsAreCounted(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{deliveryExactlyOnce, deliveryAtLeastOnce} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.o.Delivery = delivery
			h.exec(t, customers)
			h.start(t)
			b := newBook(t, h, newRandom(t), 5)
			for range 2 {
				b.write(t, 50)
				b.published(t)
				b.mustStop(t)
				h.wantEnds(t, delivery == deliveryAtLeastOnce)
				b.start(t)
			}
			b.check(t)
			b.mustStop(t)
		})
	}
}

// wantEnds wants the topics to end where it was remembered.
func (h *harness) wantEnds(t *testing.T, atLeastOnce bool) {
	t.Helper()
	s, err := readStored(t.Context(), h.o.Kafka, h.o.Name)
	if err != nil {
		t.Fatal(err)
	}
	partitions := map[string]int32{}
	for name, one := range s.topics {
		partitions[name] = one.Partitions
	}
	ends, err := kafkaclient.Ends(t.Context(), h.o.Kafka, partitions)
	if err != nil || len(ends) == 0 {
		t.Fatal(ends, err)
	}
	for name, one := range s.topics {
		if !slices.Equal(one.Ends, ends[name]) || one.AtLeastOnce != atLeastOnce {
			t.Errorf("topic %s: remembered %+v, and it ends at %d", name, one, ends[name])
		}
	}
}
