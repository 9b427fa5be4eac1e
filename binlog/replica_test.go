package binlog

import (
	"database/sql"
	"fmt"
	"net"
	"testing"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// replicaServer is a replica, with a binlog that holds what it replicates.
type replicaServer struct {
	*mysqlserver.Server
	db    *sql.DB
	words replicaWords
}

// replicaWords are the statements of a replica as its server spells them.
type replicaWords struct {
	follow, start, stop string // follow takes the primary's host and port.
	wait                string // Takes GTIDs and seconds, and gives 0 once it has them.
}

func replicaWordsOf(t testing.TB, servers mysqltest.Servers) replicaWords {
	t.Helper()
	switch {
	case servers.Flavor == mysqlserver.MariaDB:
		return replicaWords{
			"CHANGE MASTER TO MASTER_HOST='%s', MASTER_PORT=%s, MASTER_USER='root', MASTER_USE_GTID=slave_pos",
			"START SLAVE", "STOP SLAVE", "SELECT MASTER_GTID_WAIT(?, ?)",
		}
	case !servers.Since(t, 8, 0, 23):
		return replicaWords{
			"CHANGE MASTER TO MASTER_HOST='%s', MASTER_PORT=%s, MASTER_USER='root', MASTER_AUTO_POSITION=1, GET_MASTER_PUBLIC_KEY=1",
			"START SLAVE", "STOP SLAVE", "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)",
		}
	}
	return replicaWords{
		"CHANGE REPLICATION SOURCE TO SOURCE_HOST='%s', SOURCE_PORT=%s, SOURCE_USER='root', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1",
		"START REPLICA", "STOP REPLICA", "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)",
	}
}

// replicate makes a replica of a server.
func replicate(t *testing.T, primary *mysqlserver.Server, servers mysqltest.Servers, settings ...string) *replicaServer {
	t.Helper()
	host, port, err := net.SplitHostPort(primary.Addr())
	if err != nil {
		t.Fatal(err)
	}
	settings = append([]string{"--server-id=2", "--log-slave-updates"}, settings...)
	r := &replicaServer{Server: servers.Start(t, settings...), words: replicaWordsOf(t, servers)}
	if r.db, err = sql.Open("mysql", r.DSN("")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.db.Close() })
	r.exec(t, fmt.Sprintf(r.words.follow, host, port))
	r.exec(t, r.words.start)
	return r
}

func (r *replicaServer) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := r.db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// promote waits until the replica has all of a set of GTIDs, and ends replication.
func (r *replicaServer) promote(t *testing.T, set string) {
	t.Helper()
	var behind int
	if err := r.db.QueryRowContext(t.Context(), r.words.wait, set, patience.Seconds()).Scan(&behind); err != nil || behind != 0 {
		t.Fatalf("the replica is behind: %d, %v", behind, err)
	}
	r.exec(t, r.words.stop)
}
