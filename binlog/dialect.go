package binlog

import (
	"context"

	"github.com/go-mysql-org/go-mysql/mysql"

	"telltale/internal/preflight"
)

// dialect is what differs between MySQL and MariaDB when they are asked
// something: mysqlDialect and mariadbDialect. The stream needs none of it, since
// their events differ by type.
type dialect interface {
	// flavor is the library's name of the server, and the connector in an
	// envelope.
	flavor() string
	// tooOld is a finding for a version that is not supported.
	tooOld(version string) preflight.Findings
	settings() []setting
	// rights are what the user needs, as SHOW GRANTS calls them, and grants is
	// the query for those of the user with its active roles.
	rights() []string
	grants(roles string) string
	// hidden are the tables that only this kind of server has and that cannot be
	// captured.
	hidden() []hidden
	// unloggedCascades reports whether foreign keys change rows in the storage
	// engine, which logs nothing.
	unloggedCascades(context.Context, *server) (bool, error)
	// collations is the query for id, name, character set and the longest
	// character's bytes.
	collations() string
	// complete adds to the definition from a table map what that does not say.
	complete(context.Context, *server, *tableDef) error

	history(context.Context, *server) (history, error)
	// parse reads a set of GTIDs.
	parse(string) (mysql.GTIDSet, error)
	// read is what was read up to a position, the PREPAREs of undecided XA branches
	// among it: behind that the server goes on.
	read(Position) (mysql.GTIDSet, error)
	// less names what of one set is not in the other.
	less(one, other mysql.GTIDSet) string
	// errant reports whether a transaction was made on this server itself while
	// the last published one was made elsewhere. It is asked of those that stand
	// before the latter and were not published.
	errant(name string, p Position, h history) bool
	// before is where the server must be asked to send the position's last
	// transaction again.
	before(Position) (mysql.GTIDSet, error)
	progress(mysql.GTIDSet) progress
}
