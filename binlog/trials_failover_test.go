package binlog

import (
	"fmt"
	"testing"
	"time"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// failoverTrials are what happens when another server takes over. They come before
// all that removes binlog files, from which a replica is made.
func (s *scene) failoverTrials() []trial {
	return []trial{
		{
			name: "a replica takes over", what: "The address was moved to a replica that had all that was published; it was the primary from then on.",
			round: func(t *testing.T) verdict { return s.failOver(t, 0) },
		},
		{
			name: "a replica with transactions of its own takes over", what: "Somebody had inserted up to three rows at the replica, before the newest changes of the primary.",
			round: func(t *testing.T) verdict { return s.failOver(t, 1+s.random.IntN(3)) },
		},
	}
}

// failOver moves the reader to a new replica at which somebody inserted so many
// rows.
func (s *scene) failOver(t *testing.T, errant int) verdict {
	t.Helper()
	replica := replicate(t, s.mysql, s.servers, fmt.Sprintf("--server-id=%d", 100+s.round))
	s.write(t, 1+s.random.IntN(5))
	replica.promote(t, s.published(t).GTIDSet)
	var inserted []int
	if errant > 0 {
		inserted = s.insertAt(t, replica.Server, errant)
		replica.exec(t, replica.words.start)
		s.write(t, 1+s.random.IntN(5))
		replica.promote(t, s.published(t).GTIDSet)
	}
	old := s.mysql
	s.link.To(replica.Addr())
	s.healed = time.Now()
	s.mysql, s.db = replica.Server, mysqltest.DB(t, replica.Server, "shop")
	defer func() {
		if err := old.Kill(); err != nil {
			t.Error(err)
		}
	}()
	if errant == 0 {
		return lives()
	}
	came := s.ends(t)
	s.check(t)
	for _, id := range inserted { // They are published once an operator says so.
		s.publish(id)
	}
	s.mend(t, Trust)
	return ended(came, refusedErrant)
}

// insertAt inserts customers at a replica.
func (s *scene) insertAt(t *testing.T, replica *mysqlserver.Server, rows int) (ids []int) {
	t.Helper()
	there := harness{mysql: replica, db: mysqltest.DB(t, replica, "shop")}
	var statements []string
	if s.mariadb() { // In the primary's domain it would break replication.
		statements = append(statements, "SET SESSION gtid_domain_id = 9")
	}
	for i := range rows {
		id := len(s.versions) + 1 + i
		ids = append(ids, id)
		statements = append(statements, fmt.Sprintf("INSERT INTO customers (id, name, version) VALUES (%d, 'errant', 1)", id))
	}
	there.session(t, statements...)
	return ids
}
