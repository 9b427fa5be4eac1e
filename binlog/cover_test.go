package binlog

import (
	"fmt"
	"strings"
	"testing"

	"telltale/internal/kafkaclient"
)

const (
	serverOne = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
	serverTwo = "4e11fa47-71ca-11e1-9e33-c80aa9429562"
)

func withGTID(gtid string) string {
	return fmt.Sprintf(`{"before":null,"after":{"id":1,"op":2},"source":{"gtid":%q,"file":"binlog.000001","pos":4},"op":"c","id":"x","transaction":{"id":%q}}`, gtid, gtid)
}

func withPlace(transaction, file string, offset int) string {
	return fmt.Sprintf(`{"source":{"gtid":null,"file":%q,"pos":%d},"op":"u","id":"x","transaction":{"id":%q}}`, file, offset, transaction)
}

// Which changes a position is behind, of both servers and by file. The rows of an
// XA branch bear the name and place of their PREPARE, which a position can be behind
// while nothing of the branch is published.
func TestCover(t *testing.T) {
	t.Parallel()
	mysqlAt := Position{GTIDSet: serverOne + ":1-5:8-9," + serverTwo + ":tag:1-3"}
	mariadbAt := Position{GTIDSet: "0-1-20,7-2-5", Undecided: []Branch{{XID: "X'61',X'',1", GTID: "0-1-18"}}}
	fileAt := Position{
		ByFile: true, File: "binlog.000009", Pos: 1000,
		Undecided: []Branch{{XID: "X'61',X'',1", GTID: "binlog.000009:300"}},
	}
	tests := []struct {
		name     string
		position Position
		dialect  dialect
		record   string
		want     bool
	}{
		{"in the set", mysqlAt, mysqlDialect{}, withGTID(serverOne + ":5"), true},
		{"in a gap", mysqlAt, mysqlDialect{}, withGTID(serverOne + ":6"), false},
		{"behind the set", mysqlAt, mysqlDialect{}, withGTID(serverOne + ":10"), false},
		{"with a tag", mysqlAt, mysqlDialect{}, withGTID(serverTwo + ":tag:3"), true},
		{"without its tag", mysqlAt, mysqlDialect{}, withGTID(serverTwo + ":3"), false},
		{"with its schema", mysqlAt, mysqlDialect{}, `{"schema":{"type":"struct"},"payload":` + withGTID(serverOne+":6") + `}`, false},
		{"before the newest of a domain", mariadbAt, mariadbDialect{}, withGTID("0-3-19"), true},
		{"the newest of a domain", mariadbAt, mariadbDialect{}, withGTID("7-2-5"), true},
		{"behind the newest of a domain", mariadbAt, mariadbDialect{}, withGTID("7-2-6"), false},
		{"of an undecided branch", mariadbAt, mariadbDialect{}, withGTID("0-1-18"), false},
		{"before the offset", fileAt, mysqlDialect{}, withPlace("file=binlog.000009,pos=700", "binlog.000009", 800), true},
		{"at the offset", fileAt, mysqlDialect{}, withPlace("file=binlog.000009,pos=1000", "binlog.000009", 1000), false},
		{"in an older file", fileAt, mysqlDialect{}, withPlace("file=binlog.000008,pos=4", "binlog.000008", 5000), true},
		{"in a file of a longer number", fileAt, mysqlDialect{}, withPlace("file=binlog.1000000,pos=4", "binlog.1000000", 5), false},
		{"of an undecided branch, by file", fileAt, mysqlDialect{}, withPlace("file=binlog.000009,pos=300", "binlog.000009", 400), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := newCover(tt.position, tt.dialect)
			if err != nil {
				t.Fatal(err)
			}
			o, ok := originOfRecord([]byte(tt.record))
			if !ok {
				t.Fatalf("%s is taken for no change", tt.record)
			}
			for range 2 { // The second time it is remembered.
				if got, err := c.has(o); err != nil || got != tt.want {
					t.Errorf("got %t, %v, want %t", got, err, tt.want)
				}
			}
		})
	}
	for _, record := range []string{
		``, `null`, `7`, `{"status":"BEGIN","id":"0-1-18","ts_ms":1}`, // A mark of the transaction topic.
		`{"source":{"gtid":"0-1-18"},"op":"c"}`, // Debezium's own.
	} {
		if o, ok := originOfRecord([]byte(record)); ok {
			t.Errorf("%s is taken for change %+v", record, o)
		}
	}
}

// A position that its topic has lost is noticed by the changes behind it, of tables
// that were first written after it, and of those that are gone by now, whose topics
// are opened in mid-stream.
func TestLostPositionIsNoticed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(t, customers, "CREATE TABLE gone (id int PRIMARY KEY)")
	h.start(t)
	h.exec(t, "INSERT INTO gone VALUES (1)")
	h.published(t)
	before, err := readStored(t.Context(), h.o.Kafka, "shop")
	if err != nil {
		t.Fatal(err)
	}
	h.exec(t, "INSERT INTO gone VALUES (2)", "INSERT INTO customers (name) VALUES ('a')")
	h.published(t)
	h.mustStop(t)
	h.loseSince(t, before)

	h.exec(t, "RENAME TABLE gone TO kept")
	h.wantOverrun(t, "shop.shop.customers")
	h.exec(t, "RENAME TABLE customers TO visitors")
	h.wantOverrun(t, "shop.shop.gone")
	if _, err := Adopt(t.Context(), h.o); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	h.published(t)
	ids := map[string]int{}
	for _, r := range append(h.records(t, "gone", 3), h.records(t, "customers", 2)...) {
		ids[r.ID]++
	}
	if len(ids) != 3 {
		t.Errorf("got changes %v, want three of which two came again", ids)
	}
	h.mustStop(t)
}

// loseSince has the positions topic say what it said before, as where a broker has lost
// its newest records.
func (h *harness) loseSince(t *testing.T, to stored) {
	t.Helper()
	producer, err := kafkaclient.NewTxnProducer(t.Context(), h.o.Kafka, kafkaclient.TxnOptions{TransactionalID: producerID("shop")})
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	topics := &topics{o: h.o, positions: newTopic(PositionsTopic("shop"), 1), recorded: map[string]topicState{}}
	for name, state := range to.topics {
		if err := topics.say(name, state); err != nil {
			t.Fatal(err)
		}
	}
	if err := announce(t.Context(), producer, "shop", to.position, topics.unsaid); err != nil {
		t.Fatal(err)
	}
}

// wantOverrun wants the reader to refuse its position for a change in a topic.
func (h *harness) wantOverrun(t *testing.T, topic string) {
	t.Helper()
	err := h.fails(t)
	if nameOf(t, err) != refusedOverrun || !strings.Contains(err.Error(), "topic "+topic+",") {
		t.Fatalf("got %v, want %s of topic %s", err, refusedOverrun, topic)
	}
}
