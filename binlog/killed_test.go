package binlog

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/childproc"
	"telltale/internal/kafkaclient"
	"telltale/internal/mysqlserver/mysqllink"
)

// killedRows are the notes of a transaction in which a reader is killed. They are
// several batches, and partitions.
const killedRows = 300

// killReader kills a reader, as a process of its own, when part of a transaction
// with rows in several topics and partitions is in an open Kafka transaction. The
// next one must not take what was aborted for records that were lost, or written by
// somebody else.
func (l *losing) killReader(t *testing.T) verdict {
	t.Helper()
	l.mustStop(t)
	link := l.link(t)
	child := l.startChild(t)
	if l.notes == 0 {
		l.prepareNotes(t)
	}
	l.write(t, 1)
	l.published(t)
	// A first batch comes after some six seconds, and the end twelve later.
	link.Slow(mysqllink.Pace{BytesPerSecond: 512 << 10})
	before := l.notesEnd(t, kafka.IsolationLevelReadUncommitted)
	l.session(t, "START TRANSACTION", "UPDATE customers SET version = version + 1",
		"INSERT INTO notes (body) VALUES (REPEAT('x', 30000))"+strings.Repeat(", (REPEAT('x', 30000))", killedRows-1), "COMMIT")
	for deadline := time.Now().Add(patience); l.notesEnd(t, kafka.IsolationLevelReadUncommitted) == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was produced")
		}
	}
	if err := child.Kill(); err != nil {
		t.Fatal(err)
	}
	l.healed = time.Now()
	if stable := l.notesEnd(t, kafka.IsolationLevelReadCommitted); stable != before {
		t.Fatalf("the reader was killed behind a transaction: the notes end at %d, want %d", stable, before)
	}
	link.Heal()
	for id := range len(l.versions) {
		l.publish(id + 1)
	}
	l.notes += killedRows
	l.start(t)
	l.published(t)
	l.checkNotes(t)
	return lives()
}

// prepareNotes makes a table whose topic has several partitions.
func (l *losing) prepareNotes(t *testing.T) {
	t.Helper()
	err := kafkaclient.EnsureTopics(t.Context(), l.o.Kafka, []kafkaclient.TopicSpec{{Name: "shop.shop.notes", Partitions: notesPartitions, ReplicationFactor: 1}}, true)
	if err != nil {
		t.Fatal(err)
	}
	l.exec(t, "CREATE TABLE notes (id int AUTO_INCREMENT PRIMARY KEY, body longtext)")
}

const notesPartitions = 3

// notesEnd is where the notes' partitions end for readers of that level, in all.
func (l *losing) notesEnd(t *testing.T, level kafka.IsolationLevel) (sum int64) {
	t.Helper()
	for p := range int32(notesPartitions) {
		sum += l.nextOffset(t, p, level)
	}
	return sum
}

// checkNotes wants each note to be there once, and all partitions to have some.
func (l *losing) checkNotes(t *testing.T) {
	t.Helper()
	keys, partitions := map[string]bool{}, map[int32]bool{}
	for _, m := range l.messages(t, "shop.shop.notes", l.notes) {
		keys[string(m.Key)], partitions[m.TopicPartition.Partition] = true, true
	}
	if len(keys) != l.notes || len(partitions) != notesPartitions {
		t.Errorf("got %d notes in %d partitions, want %d in %d", len(keys), len(partitions), l.notes, notesPartitions)
	}
}

// startChild runs the reader as a process of its own.
func (l *losing) startChild(t *testing.T) *childproc.Process {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "reader.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // The child has its own.
	cmd := exec.Command(l.binary, "binlog", "--ops-listen=127.0.0.1:0")
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), log, log
	cmd.Env = append(os.Environ(), "TELLTALE_SOURCE_NAME="+l.o.Name, "TELLTALE_SOURCE_DSN="+l.o.DSN,
		"TELLTALE_SOURCE_TABLES="+strings.Join(l.o.Tables, ","), "TELLTALE_KAFKA_BROKERS="+l.o.Kafka.Brokers,
		fmt.Sprintf("TELLTALE_KAFKA_PARTITIONS=%d", l.o.Partitions))
	child, err := childproc.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := child.Kill(); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("the reader's log ends:\n%s", text[max(0, len(text)-4096):])
		}
	})
	return child
}
