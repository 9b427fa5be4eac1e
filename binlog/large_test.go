package binlog

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

// largeNote is random text, since what is sent is compressed, of 51,200 bytes.
const largeNote = "(WITH RECURSIVE r(n, s) AS (SELECT 1, CAST('' AS CHAR(60000)) UNION ALL SELECT n + 1, CONCAT(s, SHA2(RAND(), 512)) FROM r WHERE n < 401) SELECT s FROM r ORDER BY n DESC LIMIT 1)"

// newNotes is a harness with a table whose topic takes 10,000 bytes at once.
func newNotes(t *testing.T) *harness {
	t.Helper()
	h := newHarness(t)
	h.makeNotes(t)
	return h
}

// makeNotes makes that table, and its topic.
func (h *harness) makeNotes(t *testing.T) {
	t.Helper()
	h.exec(t, "CREATE TABLE notes (id int PRIMARY KEY, body longtext)")
	err := kafkaclient.EnsureTopics(t.Context(), h.o.Kafka, []kafkaclient.TopicSpec{{
		Name: "shop.shop.notes", Partitions: 3, ReplicationFactor: 1, Settings: map[string]string{"max.message.bytes": "10000"},
	}}, true)
	if err != nil {
		t.Fatal(err)
	}
}

// A record that the broker does not take stops the reader by name: it would not
// take it the next time either.
func TestRecordTooLarge(t *testing.T) {
	t.Parallel()
	h := newNotes(t)
	ended := h.start(t)
	h.exec(t, "INSERT INTO notes VALUES (1, 'small')")
	h.published(t)
	h.exec(t, "INSERT INTO notes VALUES (2, "+largeNote+")")
	select {
	case err := <-ended:
		for _, want := range []string{"max.message.bytes", "position", ":shop.notes:0 in topic shop.shop.notes"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q in it", err, want)
			}
		}
	case <-time.After(patience):
		t.Fatalf("the reader goes on: %v", h.o.Health.Reasons())
	}
	h.records(t, "notes", 1)
}

// What its topic does not take goes to a file or to the dead letters, whole, and
// what stands in its place says so and keeps the order, in one transaction with
// what fits.
func TestOversize(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{oversizeClaimCheck, oversizeDeadLetter} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			h := newNotes(t)
			h.o.Oversize, h.o.ClaimChecks = policy, t.TempDir()
			h.start(t)
			h.exec(t, "INSERT INTO notes VALUES (1, "+largeNote+")", "UPDATE notes SET body = 'small'", "DELETE FROM notes")
			records := h.records(t, "notes", 4) // With the tombstone.
			h.mustStop(t)
			for i, op := range []change.Op{change.Create, change.Update} {
				r := records[i]
				if r.Op != op || r.Oversize == nil || !r.Transaction.Last || string(r.After) != "{}" {
					t.Fatalf("record %d is %s, want %s without columns, and the last", i, r.Value, op)
				}
				whole := h.whole(t, r)
				sum := sha256.Sum256(whole)
				if r.Oversize.Bytes != len(whole) || r.Oversize.SHA256 != hex.EncodeToString(sum[:]) {
					t.Errorf("record %d says %+v of %d bytes", i, *r.Oversize, len(whole))
				}
				e, err := change.Parse(whole)
				if err != nil || e.ID != r.ID || e.Op != op || len(e.Before)+len(e.After) < 50_000 || !e.Transaction.Last {
					t.Errorf("the whole of record %d is change %s, %s, with %d and %d bytes: %v", i, e.ID, e.Op, len(e.Before), len(e.After), err)
				}
			}
			if d := records[2]; d.Op != change.Delete || d.Oversize != nil || records[3].Value != nil {
				t.Errorf("got %s, want the delete as it is and a tombstone", d.Value)
			}
		})
	}
}

// whole fetches what a record stands for.
func (h *harness) whole(t *testing.T, r got) []byte {
	t.Helper()
	if r.Oversize.URL != "" {
		at, err := url.Parse(r.Oversize.URL)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(at.Path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var found []byte
	err := kafkaclient.ReadToEnd(t.Context(), h.o.Kafka, r.Oversize.Topic, func(m *kafka.Message) error {
		if sum := sha256.Sum256(m.Value); hex.EncodeToString(sum[:]) == r.Oversize.SHA256 && string(m.Key) == string(r.Key) {
			found = m.Value
			for _, header := range m.Headers {
				if header.Key == headerTopic && string(header.Value) != *r.TopicPartition.Topic {
					t.Errorf("the dead letter belongs to topic %s, want %s", header.Value, *r.TopicPartition.Topic)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
