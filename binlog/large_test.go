package binlog

import (
	"strings"
	"testing"
	"time"

	"telltale/internal/kafkaclient"
)

// A record that the broker does not take stops the reader by name: it would not
// take it the next time either.
func TestRecordTooLarge(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(t, "CREATE TABLE notes (id int PRIMARY KEY, body longtext)")
	err := kafkaclient.EnsureTopics(t.Context(), h.o.Kafka, []kafkaclient.TopicSpec{{
		Name: "shop.shop.notes", Partitions: 3, ReplicationFactor: 1, Settings: map[string]string{"max.message.bytes": "10000"},
	}}, true)
	if err != nil {
		t.Fatal(err)
	}
	ended := h.start(t)
	h.exec(t, "INSERT INTO notes VALUES (1, 'small')")
	h.published(t)
	// Random text: what is sent is compressed.
	h.exec(t, "INSERT INTO notes VALUES (2, (WITH RECURSIVE r(n, s) AS (SELECT 1, CAST('' AS CHAR(60000)) UNION ALL SELECT n + 1, CONCAT(s, SHA2(RAND(), 512)) FROM r WHERE n < 400) SELECT s FROM r ORDER BY n DESC LIMIT 1))")
	select {
	case err := <-ended:
		for _, want := range []string{"max.message.bytes", "position"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q in it", err, want)
			}
		}
	case <-time.After(patience):
		t.Fatalf("the reader goes on: %v", h.o.Health.Reasons())
	}
	h.records(t, "notes", 1)
}
