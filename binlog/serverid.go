package binlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-mysql-org/go-mysql/mysql"
	driver "github.com/go-sql-driver/mysql"

	"telltale/internal/preflight"
)

// replicaName is the host name under which the server lists the reader among its
// replicas. A reader that died without a word may stay listed for a while, and
// its successor knows it by the name.
func replicaName(source string) string {
	const most = 60 // That is what servers before MySQL 8.0.17 take.
	name := "telltale-" + source
	return name[:min(len(name), most)]
}

const mendServerID = "set source.server_id to a number that no server and no replica has"

// checkServerID finds a server or a replica that has the reader's id.
func (s *server) checkServerID(ctx context.Context, o Options) (preflight.Findings, error) {
	var found preflight.Findings
	var own uint32
	if err := s.db.QueryRowContext(ctx, "SELECT @@server_id").Scan(&own); err != nil {
		return nil, fmt.Errorf("read the server's id: %w", err)
	}
	if own == o.ServerID {
		found.Add(fmt.Sprintf("the server's own server_id is %d, as is the reader's", own), "source.server_id", mendServerID)
	}
	replicas, err := s.replicas(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range replicas {
		if r.id == o.ServerID && r.host != replicaName(o.Name) {
			found.Add(fmt.Sprintf("replica %q of the server has the server_id %d, as does the reader", r.host, r.id), "source.server_id", mendServerID)
		}
	}
	return found, nil
}

// replica is one that the server lists.
type replica struct {
	id   uint32
	host string
}

// replicas are those that are connected. MariaDB tells them only to users with
// rights that a reader does not need; it hangs up on the older one of two
// with the same id instead.
func (s *server) replicas(ctx context.Context) ([]replica, error) {
	if s.dialect.flavor() != mysql.MySQLFlavor {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, "SHOW REPLICAS")
	if my, ok := errors.AsType[*driver.MySQLError](err); ok && my.Number == mysql.ER_PARSE_ERROR { // Before MySQL 8.0.22.
		rows, err = s.db.QueryContext(ctx, "SHOW SLAVE HOSTS")
	}
	if my, ok := errors.AsType[*driver.MySQLError](err); ok && my.Number == mysql.ER_SPECIFIC_ACCESS_DENIED_ERROR {
		return nil, nil // The missing right is a finding of its own.
	}
	if err != nil {
		return nil, fmt.Errorf("read the server's replicas: %w", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("read the server's replicas: %w", err)
	}
	var all []replica
	var one replica
	cells := []any{&one.id, &one.host}
	for range len(columns) - len(cells) {
		cells = append(cells, new(sql.RawBytes))
	}
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return nil, fmt.Errorf("read the server's replicas: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// slaveSameID is MariaDB's ER_SLAVE_SAME_ID.
const slaveSameID = 4052

// named finds the clash of ids in what a MariaDB server says when it hangs up.
func (o dumpOptions) named(err error) error {
	var my *mysql.MyError
	if errors.As(err, &my) && my.Code == slaveSameID {
		return fmt.Errorf("server_id %d: %w: %w", o.serverID, errServerID, err)
	}
	return err
}
