package binlog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/mysqlserver/mysqltest"
)

// topicTrials are what happens to topics, and rows that are hard to write to one.
func (s *scene) topicTrials() []trial {
	return []trial{
		{
			name: "a topic is changed", what: "The customers' topic was deleted, created anew with as many partitions or with one, or given another, under a running reader or while it was away.",
			round: s.changeTopic,
		},
		{
			name: "large rows and large transactions", what: "A row of up to 400 KB came, of which its topic takes 10,000 bytes, under each value of source.oversize, and up to 5,000 rows by one statement.",
			round: s.writeLarge,
		},
		{
			name: "rows of every type", what: "Rows took values from the list of all types and character sets, at random or null: the ends of each range, zero and partial dates, the hour that is not there, times of 838 hours, decimals of 65 digits, empty members, bytes that are no text. Each record said what SELECT does.",
			round: s.writeTypes,
		},
	}
}

func (s *scene) changeTopic(t *testing.T) verdict {
	t.Helper()
	const topic = "shop.shop.customers"
	admin := s.admin(t)
	partitions, err := kafkaclient.Partitions(t.Context(), s.o.Kafka, topic)
	if err != nil {
		t.Fatal(err)
	}
	runs, more := s.coin(), false
	if !runs {
		s.mustStop(t)
	}
	switch s.random.IntN(4) {
	case 0:
		deleteTopic(t, admin, topic)
		s.log = nil
	case 1:
		deleteTopic(t, admin, topic)
		createTopic(t, admin, topic, int(partitions))
		s.log = nil
	case 2:
		deleteTopic(t, admin, topic)
		createTopic(t, admin, topic, 1)
		s.log = nil
	default:
		addPartition(t, admin, topic, int(partitions))
		more = true
	}
	var came ending
	if runs {
		came = s.ends(t)
	} else {
		s.write(t, 1+s.random.IntN(3)) // It is published once the topic is adopted.
		came = nameOf(t, s.fails(t))
	}
	s.mend(t, Adopt)
	if more { // A key's records stand in two partitions from here on, in no order of theirs.
		s.published(t)
		s.mustStop(t)
		deleteTopic(t, admin, topic)
		s.log = nil
		s.mend(t, Adopt)
	}
	return ended(came, "binlog.TopicError")
}

func addPartition(t *testing.T, a *kafka.AdminClient, topic string, partitions int) {
	t.Helper()
	r, err := a.CreatePartitions(t.Context(), []kafka.PartitionsSpecification{{Topic: topic, IncreaseTo: partitions + 1}})
	if err != nil || r[0].Error.Code() != kafka.ErrNoError {
		t.Fatal(err, r)
	}
}

// large is what was written to a table whose topic takes small records, and to one
// of many rows.
type large struct {
	sums map[int]string // Of the notes' bodies, by id.
	many int
}

func (l *large) prepare(t *testing.T, h *harness) {
	t.Helper()
	l.sums = map[int]string{}
	h.o.ClaimChecks = t.TempDir()
	h.exec(t, "CREATE TABLE notes (id int PRIMARY KEY, body longtext)", "CREATE TABLE many (id bigint AUTO_INCREMENT PRIMARY KEY, n int)")
	err := kafkaclient.EnsureTopics(t.Context(), h.o.Kafka, []kafkaclient.TopicSpec{{
		Name: "shop.shop.notes", Partitions: 3, ReplicationFactor: 1, Settings: map[string]string{"max.message.bytes": "10000"},
	}}, true)
	if err != nil {
		t.Fatal(err)
	}
}

func (s *scene) writeLarge(t *testing.T) verdict {
	t.Helper()
	s.mustStop(t)
	s.o.Oversize = []string{oversizeStop, oversizeClaimCheck, oversizeDeadLetter}[s.random.IntN(3)]
	s.start(t)
	s.note(t, s.random.IntN(1000))
	s.note(t, 20_000+s.random.IntN(380_000))
	n := 1 + s.random.IntN(5000)
	s.exec(t, "INSERT INTO many (n) VALUES (1)"+strings.Repeat(", (1)", n-1))
	s.large.many += n
	v := lives()
	if s.o.Oversize == oversizeStop {
		v = ended(s.ends(t), "binlog.RowTooLarge")
		s.o.Oversize = oversizeClaimCheck
		s.start(t)
	}
	s.published(t)
	s.checkLarge(t)
	return v
}

// note inserts one with a body of random text.
func (s *scene) note(t *testing.T, size int) {
	t.Helper()
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(s.random.Uint32())
	}
	text := base64.StdEncoding.EncodeToString(body)
	id := len(s.large.sums)
	if _, err := s.db.ExecContext(t.Context(), "INSERT INTO notes VALUES (?, ?)", id, text); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text))
	s.large.sums[id] = hex.EncodeToString(sum[:])
}

// checkLarge wants each note to be there once, whole, and as many rows as came.
func (s *scene) checkLarge(t *testing.T) {
	t.Helper()
	got := map[int]string{}
	for _, r := range s.records(t, "notes", len(s.large.sums)) {
		value := r.Value
		if r.Oversize != nil {
			value = s.whole(t, r)
		}
		var e struct {
			After struct {
				ID   int
				Body string
			}
		}
		if err := json.Unmarshal(value, &e); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(e.After.Body))
		got[e.After.ID] = hex.EncodeToString(sum[:])
	}
	for id, want := range s.large.sums {
		if got[id] != want {
			t.Errorf("note %d: got a body of hash %s, want %s", id, got[id], want)
		}
	}
	s.messages(t, "shop.shop.many", s.large.many)
}

// types are the columns of a table of all of them, and how many records its topic
// holds.
type types struct {
	columns []typeColumn
	rows    int
}

func (y *types) prepare(t *testing.T, h *harness, servers mysqltest.Servers) {
	t.Helper()
	y.columns = typesOn(t, servers)
	create, _, _ := typesStatements(y.columns)
	h.exec(t, create)
}

func (s *scene) writeTypes(t *testing.T) verdict {
	t.Helper()
	const rows = 20
	statements := []string{"SET SESSION sql_mode = '', time_zone = '+00:00'"}
	for range rows {
		statements = append(statements, s.typesRow())
	}
	s.session(t, append(statements, fmt.Sprintf("UPDATE types SET n = n + 1 WHERE id >= %d", s.types.rows-rows))...)
	s.published(t)
	want := selectTypes(t, s.mysql, s.types.columns)
	for _, r := range s.records(t, "types", 2*s.types.rows) {
		compareTypes(t, s.types.columns, r.Before, want)
		compareTypes(t, s.types.columns, r.After, want)
	}
	return lives()
}

// typesRow inserts a row of random values, one in eight of them null.
func (s *scene) typesRow() string {
	names, values := []string{"id"}, []string{fmt.Sprint(s.types.rows)}
	s.types.rows++
	for _, c := range s.types.columns {
		if len(c.values) == 0 {
			continue
		}
		value := c.values[s.random.IntN(len(c.values))]
		if s.random.IntN(8) == 0 {
			value = "NULL"
		}
		names, values = append(names, "`"+c.name+"`"), append(values, value)
	}
	return "INSERT INTO types (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
}
