package binlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"telltale/internal/kafkaclient"
	"telltale/internal/mysqltls"
	"telltale/internal/preflight"
	"telltale/schemas/change"
)

// Check looks at everything that Run needs, changes nothing that stays, and
// returns preflight.Findings where something is wrong. Where claim checks may have
// to be kept it writes a small one, and removes it.
func Check(ctx context.Context, o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	if err := checkServers(ctx, o); err != nil {
		return err
	}
	return checkClaims(ctx, o)
}

// checkServers looks at the server and the brokers, which is what moving a position
// needs. The options are complete.
func checkServers(ctx context.Context, o Options) error {
	f, err := newFilter(o)
	if err != nil {
		return err
	}
	e, err := o.encoding()
	if err != nil {
		return err
	}
	srv, err := connect(ctx, o)
	if err != nil {
		return err
	}
	defer srv.Close()
	if _, err := srv.survey(ctx, o, f, e); err != nil {
		return err
	}
	return kafkaclient.Ping(ctx, o.Kafka)
}

// connect opens the server and turns what can be mended into a finding.
func connect(ctx context.Context, o Options) (*server, error) {
	dsn, err := o.dsn()
	if err != nil {
		return nil, err
	}
	srv, err := openServer(ctx, dsn)
	if err == nil {
		return srv, nil
	}
	mend := "start the server, or correct source.dsn"
	var my *driver.MySQLError
	if errors.As(err, &my) && my.Number == 1045 {
		mend = "correct the user or password in source.dsn, or on the server:\n" + grantStatements(o, dsn.User)
	}
	if advice := mysqltls.Advice(err, "source"); advice != "" {
		mend = advice
	}
	return nil, preflight.Findings{{What: err.Error(), Where: "source.dsn", Mend: mend}}
}

func grantStatements(o Options, user string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE USER IF NOT EXISTS '%s'@'%%' IDENTIFIED BY '…';\n", user)
	fmt.Fprintf(&b, "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '%s'@'%%';\n", user)
	var dbs []string
	for _, t := range o.Tables {
		db, _, _ := strings.Cut(t, ".")
		if !slices.Contains(dbs, db) {
			dbs = append(dbs, db)
			fmt.Fprintf(&b, "GRANT SELECT ON %s.* TO '%s'@'%%';\n", strings.ReplaceAll(db, "*", "…"), user)
		}
	}
	return b.String()
}

// surveyed is what the look at the server found.
type surveyed struct {
	collations collations
	// shapes are those of the captured tables: all that a start needs of their plans.
	shapes []change.Shape
	// defs are the tables' definitions by `<db>.<table>`, where truncations are
	// published.
	defs map[string]tableDef
	// cascades says that the server's foreign keys change rows unlogged.
	cascades bool
	// mode is that of sessions that set none, and foldNames says that names are
	// compared in small letters.
	mode      sqlMode
	foldNames bool
}

// survey checks settings, grants and tables, and returns what the
// captured tables are.
func (s *server) survey(ctx context.Context, o Options, f filter, e encoding) (surveyed, error) {
	var found preflight.Findings
	var out surveyed
	for _, check := range []func(context.Context, Options) (preflight.Findings, error){s.checkSettings, s.checkGrants, s.checkServerID} {
		fs, err := check(ctx, o)
		if err != nil {
			return out, err
		}
		found = append(found, fs...)
	}
	var err error
	if out.mode, out.foldNames, err = s.spelling(ctx); err != nil {
		return out, err
	}
	if out.collations, err = s.collations(ctx); err != nil {
		return out, err
	}
	defs, err := s.inventory(ctx, f, out.collations)
	if err != nil {
		return out, err
	}
	if len(defs) == 0 {
		found.Add(fmt.Sprintf("no table that this user may see matches source.tables %q", o.Tables), "source.tables",
			"correct the patterns, create the tables, or GRANT SELECT on them")
	}
	names := topicNames{}
	var routed []*plan
	if o.Truncates {
		out.defs = map[string]tableDef{}
	}
	for _, d := range defs {
		p, err := newPlan(d, out.collations, e, f)
		if e, ok := errors.AsType[*routeError](err); ok {
			found.Add(e.what, "source.aggregates", e.mend)
			continue
		}
		if errors.Is(err, errKeyColumn) {
			found.Add(err.Error(), keyColumns, "correct the columns of the table there")
			continue
		}
		if err != nil {
			found.Add(err.Error(), "source.tables", fmt.Sprintf("take it out: source.exclude_tables: [%s.%s]", d.db, d.table))
			continue
		}
		if err := names.take(o.Name, p); err != nil {
			found.Add(err.Error(), "source.tables", fmt.Sprintf("take it out: source.exclude_tables: [%s.%s]", d.db, d.table))
			continue
		}
		if p.route != nil {
			routed = append(routed, p)
		}
		if o.Truncates {
			out.defs[d.db+"."+d.table] = d
		}
		out.shapes = append(out.shapes, p.shape)
	}
	found = append(append(found, f.routes.checkRoutes(defs, routed)...), f.keys.check(defs)...)
	if out.cascades, err = s.dialect.unloggedCascades(ctx, s); err != nil {
		return out, err
	}
	hidden, err := s.checkHiddenChanges(ctx, f, defs, out.cascades)
	if err != nil {
		return out, err
	}
	return out, append(found, hidden...).Err()
}

// setting is a server variable that the reader needs, with the statement that
// sets it.
type setting struct{ name, want, mend, why string }

// rowImageWhy is why whole rows are asked for.
const rowImageWhy = "rules compare a row's columns before and after; source.partial_images: true does without"

func (s *server) checkSettings(ctx context.Context, o Options) (preflight.Findings, error) {
	found := s.dialect.tooOld(s.version)
	if len(found) > 0 { // It may lack the variables.
		return found, nil
	}
	for _, w := range s.dialect.settings() {
		if w.name == "binlog_row_image" && o.PartialImages {
			continue
		}
		var got string
		if err := s.db.QueryRowContext(ctx, "SELECT @@global."+w.name).Scan(&got); err != nil {
			return nil, fmt.Errorf("read the server's variable %s: %w", w.name, err)
		}
		if got == w.want {
			continue
		}
		found.Add(fmt.Sprintf("%s is %q but must be %q: %s", w.name, got, w.want, w.why), "the server's global variables", w.mend)
	}
	return found, nil
}

func (s *server) checkGrants(ctx context.Context, o Options) (preflight.Findings, error) {
	grants, user, err := s.grants(ctx)
	if err != nil {
		return nil, err
	}
	var found preflight.Findings
	for _, right := range s.dialect.rights() {
		if !slices.ContainsFunc(grants, func(g string) bool { return grantsGlobally(g, right) }) {
			found.Add(fmt.Sprintf("the user %s lacks the right %s", user, right), "the server's grants",
				fmt.Sprintf("GRANT %s ON *.* TO %s;", right, user))
		}
	}
	return found, nil
}

// grantsGlobally reports whether a line of SHOW GRANTS gives a right on all.
func grantsGlobally(line, right string) bool {
	rights, ok := strings.CutPrefix(line, "GRANT ")
	if !ok {
		return false
	}
	rights, target, ok := strings.Cut(rights, " ON ")
	if !ok || !strings.HasPrefix(target, "*.*") {
		return false
	}
	for r := range strings.SplitSeq(rights, ", ") {
		if r == right || r == "ALL PRIVILEGES" {
			return true
		}
	}
	return false
}

// grants reads the user's grants, those of its active roles included.
func (s *server) grants(ctx context.Context) (lines []string, user string, err error) {
	var roles string
	if err := s.db.QueryRowContext(ctx, "SELECT CURRENT_USER(), COALESCE(CURRENT_ROLE(), 'NONE')").Scan(&user, &roles); err != nil {
		return nil, "", fmt.Errorf("read the user's roles: %w", err)
	}
	if name, host, ok := strings.Cut(user, "@"); ok {
		user = fmt.Sprintf("'%s'@'%s'", name, host)
	}
	query := s.dialect.grants(roles)
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return nil, "", fmt.Errorf("read the grants of %s: %w", user, err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, "", fmt.Errorf("read the grants of %s: %w", user, err)
		}
		lines = append(lines, line)
	}
	return lines, user, rows.Err()
}
