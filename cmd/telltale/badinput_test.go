package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telltale/internal/binarytest"
	"telltale/internal/mysqlserver/mysqltest"
)

// badInput is one mistake, and what a person must be told: what is wrong, where,
// and the statement or command that mends it.
type badInput struct {
	name string
	// args default to run.
	args []string
	// environ overrides the configuration that works.
	environ map[string]string
	// do and undo are statements on the server.
	do, undo string
	// slow is a mistake that takes a time limit to notice.
	slow   bool
	status int
	stdout string
	want   []string
}

func TestBadInput(t *testing.T) {
	w := newWorld(t)
	w.exec(t, "CREATE USER bare IDENTIFIED BY '"+password+"'", "GRANT SELECT ON shop.* TO bare")
	nowhere := binarytest.FreeAddr(t)
	tests := []badInput{
		{
			name: "unknown flag", args: []string{"run", "--source-tabels=shop.*"}, status: exitUsage,
			want: []string{"telltale: unknown flag --source-tabels; did you mean --source-tables? (see `telltale run --help`)"},
		},
		{
			name: "unknown key", args: []string{"run", "--config", writeFile(t, "telltale.yaml", "source:\n  tabels: [shop.*]\n")},
			want: []string{"unknown key `source.tabels` in", "telltale.yaml line 2; did you mean `source.tables`?"},
		},
		{
			name: "unknown variable", environ: map[string]string{"SOURCE_TABELS": "shop.*"},
			want: []string{"unknown environment variable TELLTALE_SOURCE_TABELS; did you mean TELLTALE_SOURCE_TABLES?"},
		},
		{
			name: "no key", environ: map[string]string{"KAFKA_BROKERS": "", "SOURCE_NAME": ""},
			want: []string{
				"telltale: `source.name` is not set; set it in ", "telltale.yaml, as TELLTALE_SOURCE_NAME or as --source-name",
				"telltale: `kafka.brokers` is not set;",
			},
		},
		{
			name: "not built yet", environ: map[string]string{"SOURCE_SNAPSHOT": "initial"},
			want: []string{"`source.snapshot` in TELLTALE_SOURCE_SNAPSHOT: snapshot mode initial is not built yet; set source.snapshot: never"},
		},
		{
			name: "DSN that is none", environ: map[string]string{"SOURCE_DSN": "telltale:" + password + "@db"},
			want: []string{"`source.dsn` in TELLTALE_SOURCE_DSN: the value is not in go-sql-driver's form user:password@tcp(host:3306)/"},
		},
		{
			name: "DSN of no server", environ: map[string]string{"SOURCE_DSN": "telltale:" + password + "@tcp(" + nowhere + ")/"},
			want: []string{nowhere, "connection refused", "where: source.dsn", "mend: start the server, or correct source.dsn"},
		},
		{
			name: "wrong password", environ: map[string]string{"SOURCE_DSN": "telltale:" + password + "x@tcp(" + w.mysql.Addr() + ")/"},
			want: []string{"Access denied for user 'telltale'", "where: source.dsn", "correct the user or password in source.dsn", "CREATE USER IF NOT EXISTS 'telltale'@'%'"},
		},
		{
			name: "missing grant", environ: map[string]string{"SOURCE_DSN": w.dsn("bare", "")},
			want: []string{
				"the user 'bare'@'%' lacks the right REPLICATION SLAVE", "mend: GRANT REPLICATION SLAVE ON *.* TO 'bare'@'%';",
				"the user 'bare'@'%' lacks the right REPLICATION CLIENT", "mend: GRANT REPLICATION CLIENT ON *.* TO 'bare'@'%';",
			},
		},
		{
			name: "no such table", environ: map[string]string{"SOURCE_TABLES": "shop.costumers"},
			want: []string{`no table that this user may see matches source.tables ["shop.costumers"]`, "where: source.tables", "mend: correct the patterns"},
		},
		{
			name: "aggregate with a name that is taken", args: aggregatesWith(t, "name: customer", "name: positions"),
			want: []string{"`source.aggregates[0].name` in", "line 3: \"positions\" names another topic of the source; choose another name"},
		},
		{
			name: "aggregate of a pattern", args: aggregatesWith(t, "shop.sign_ins", "shop.*"),
			want: []string{"`source.aggregates[0].tables[1].table` in", `"shop.*" is no table db.table, for example shop.customers`},
		},
		{
			name: "aggregate of a table that is not there", args: aggregatesWith(t, "shop.sign_ins", "shop.sign_in"),
			want: []string{"table shop.sign_in of aggregate customer is not among the tables that are captured", "where: source.aggregates", "did you mean shop.sign_ins?"},
		},
		{
			name: "aggregate by a column that is not there", args: aggregatesWith(t, "customer_id", "costumer_id"),
			want: []string{"table shop.sign_ins, key column costumer_id of aggregate customer, is not there", "where: source.aggregates", "did you mean customer_id?"},
		},
		{
			name: "aggregate by another type", args: aggregatesWith(t, "customer_id", "address"),
			want: []string{"address of aggregate customer, is text in JSON, and its root shop.customers.id is a whole number", "where: source.aggregates", "mend: give both one type"},
		},
		{
			name: "binlog_format", do: "SET GLOBAL binlog_format = 'STATEMENT'", undo: "SET GLOBAL binlog_format = 'ROW'",
			want: []string{`binlog_format is "STATEMENT" but must be "ROW"`, "where: ", "mend: SET GLOBAL binlog_format = 'ROW';"},
		},
		{
			name: "binlog_row_image", do: "SET GLOBAL binlog_row_image = 'MINIMAL'", undo: "SET GLOBAL binlog_row_image = 'FULL'",
			want: []string{`binlog_row_image is "MINIMAL" but must be "FULL"`, "where: ", "mend: SET GLOBAL binlog_row_image = 'FULL';"},
		},
		{
			name: "binlog_row_metadata", do: "SET GLOBAL binlog_row_metadata = 'MINIMAL'", undo: "SET GLOBAL binlog_row_metadata = 'FULL'",
			want: []string{`binlog_row_metadata is "MINIMAL" but must be "FULL"`, "where: ", "mend: SET GLOBAL binlog_row_metadata = 'FULL';"},
		},
		{
			name: "unreachable broker", slow: true, environ: map[string]string{"KAFKA_BROKERS": nowhere},
			want: []string{`reach a kafka broker at "` + nowhere + `"`, "where: kafka.brokers", "mend: start a broker there, or correct kafka.brokers"},
		},
		{
			name: "wrong password of the consumers", environ: map[string]string{"CONSUMERS_DATABASE_DSN": "consumers:" + password + "x@tcp(" + w.mysql.Addr() + ")/consumers"},
			want: []string{"Access denied for user 'consumers'", "where: consumers.database.dsn", "GRANT ALL ON `consumers`.* TO 'consumers'@'%';"},
		},
		{
			name: "no rules", environ: map[string]string{"TRANSLATOR_RULES": "testdata/absent"},
			want: []string{"no rule file (*.yaml) in testdata/absent"},
		},
		{
			name: "rule file with a typo", environ: map[string]string{"TRANSLATOR_RULES": rulesWith(t, "    when: before.name", "    wen: before.name")},
			want: []string{"wen", "when", "where: ", "customer.yaml:"},
		},
		{
			name: "unknown column in a rule", environ: map[string]string{"TRANSLATOR_RULES": rulesWith(t, "new_name: after.name", "new_name: after.nam")},
			want: []string{"nam", "name", "where: ", "customer.yaml:"},
		},
		{
			name: "check without a broker", slow: true, args: []string{"check"},
			environ: map[string]string{"KAFKA_BROKERS": nowhere, "CONSUMERS_SMTP_ADDR": w.mysql.Addr()},
			stdout:  "kafka      wrong\nbinlog     unknown\ntranslator unknown\nconsumers  ok\nmail       ok\n",
			want:    []string{"where: kafka.brokers"},
		},
		{
			name: "several at once", slow: true,
			environ: map[string]string{
				"KAFKA_BROKERS": nowhere, "SOURCE_DSN": "telltale:x@tcp(" + nowhere + ")/",
				"TRANSLATOR_RULES": "testdata/absent", "CONSUMERS_DATABASE_DSN": "consumers:x@tcp(" + nowhere + ")/consumers",
			},
			want: []string{"where: kafka.brokers", "where: source.dsn", "testdata/absent", "where: consumers.database.dsn"},
		},
		{
			name: "taken port", environ: map[string]string{"OPS_LISTEN": w.mysql.Addr()},
			want: []string{"address already in use", "where: ops.listen", "mend: set ops.listen to an address of this machine that is free"},
		},
	}
	before := w.traces(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, w, before) })
	}
}

// test runs the command and sees that nothing was started for it.
func (b badInput) test(t *testing.T, w *world, before []string) {
	if b.slow {
		t.Parallel()
	}
	if b.do != "" {
		w.during(t, b.do, b.undo)
	}
	if b.args == nil {
		b.args = []string{"run"}
	}
	if b.status == 0 {
		b.status = exitFailure
	}
	got := w.command(t.Context(), w.environ(b.environ), b.args...)
	if got.status != b.status || got.stdout != b.stdout {
		t.Errorf("status %d, stdout %q, want %d, %q", got.status, got.stdout, b.status, b.stdout)
	}
	for _, want := range b.want {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("want %q in\n%s", want, got.stderr)
		}
	}
	for line := range strings.Lines(got.stderr) {
		if !strings.HasPrefix(line, "telltale: ") && !strings.HasPrefix(line, "  ") {
			t.Errorf("a line that is neither an error nor goes on with one: %q", line)
		}
	}
	if strings.Contains(got.stderr, password) {
		t.Errorf("the error shows a password:\n%s", got.stderr)
	}
	if after := w.traces(t); !slices.Equal(after, before) {
		t.Errorf("something was started: topics and databases are %v, were %v", after, before)
	}
	t.Logf("\n%s", got.stderr)
}

// TestBadServer needs a server that was started wrong.
func TestBadServer(t *testing.T) {
	w := newWorld(t)
	bare := mysqltest.Start(t, "skip-log-bin", "gtid-mode=OFF", "enforce-gtid-consistency=OFF")
	mysqltest.DB(t, bare, "shop")
	environ := map[string]string{"SOURCE_DSN": bare.DSN("")}
	badInput{
		name: "no binlog", environ: environ, status: exitFailure,
		want: []string{`log_bin is "0" but must be "1"`, "mend: start the server with --log-bin"},
	}.test(t, w, w.traces(t))
}

// aggregatesWith is the pipeline with one text of its routing in place of
// another.
func aggregatesWith(t *testing.T, old, replacement string) []string {
	t.Helper()
	return []string{"run", "--config", writeFile(t, "telltale.yaml", strings.Replace(aggregates, old, replacement, 1))}
}

// rulesWith copies the shop's rules with one text in place of another.
func rulesWith(t *testing.T, old, replacement string) string {
	t.Helper()
	const from = "../../config/rules"
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "customer.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, replacement, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
