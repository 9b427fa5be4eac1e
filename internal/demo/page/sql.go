package page

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// What one statement typed by hand may take.
const (
	sqlTimeout   = 10 * time.Second
	maxStatement = 16 << 10
	maxRows      = 100
)

// sqlAnswer is what a statement gave: rows, or how many it changed, or why it
// did not run.
type sqlAnswer struct {
	Columns []string    `json:"columns,omitempty"`
	Rows    [][]*string `json:"rows,omitempty"`
	// More is set when there are more rows than are shown.
	More bool `json:"more,omitempty"`
	// Affected is how many rows each statement changed.
	Affected []int64 `json:"affected,omitempty"`
	Error    string  `json:"error,omitempty"`
}

func (p *page) runSQL(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Statement string `json:"statement"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxStatement))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		p.writeJSON(w, http.StatusBadRequest, sqlAnswer{Error: fmt.Sprintf(`want {"statement": "…"} of at most %d bytes: %v`, maxStatement, err)})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), sqlTimeout)
	defer cancel()
	answer, err := run(ctx, p.SQL, in.Statement)
	if err != nil {
		p.writeJSON(w, http.StatusUnprocessableEntity, sqlAnswer{Error: err.Error()})
		return
	}
	p.writeJSON(w, http.StatusOK, answer)
}

// run executes what was typed, as typed, in a session of its own. Of several
// statements the first that is wrong ends it.
func run(ctx context.Context, db *sql.DB, statement string) (sqlAnswer, error) {
	if !returnsRows(statement) {
		affected, err := execute(ctx, db, statement)
		return sqlAnswer{Affected: affected}, err
	}
	rows, err := db.QueryContext(ctx, statement)
	if err != nil {
		return sqlAnswer{}, err
	}
	defer rows.Close()
	return read(rows)
}

// execute asks the driver itself: database/sql tells what the last of several
// statements changed, and no more.
func execute(ctx context.Context, db *sql.DB, statements string) ([]int64, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var affected []int64
	err = conn.Raw(func(c any) error {
		result, err := c.(driver.ExecerContext).ExecContext(ctx, statements, nil)
		if err == nil {
			affected = result.(mysql.Result).AllRowsAffected()
		}
		return err
	})
	return affected, err
}

// returnsRows tells by the first word, before the server is asked. A statement
// that is told wrong still runs; its rows are not shown, or their number is not.
func returnsRows(statement string) bool {
	words := strings.Fields(strings.TrimLeft(statement, " \t\r\n("))
	if len(words) == 0 {
		return false
	}
	switch strings.ToLower(words[0]) {
	case "select", "show", "describe", "desc", "explain", "table", "with", "values":
		return true
	}
	return false
}

func read(rows *sql.Rows) (sqlAnswer, error) {
	names, err := rows.Columns()
	if err != nil {
		return sqlAnswer{}, err
	}
	a := sqlAnswer{Columns: names, Rows: [][]*string{}}
	for rows.Next() {
		if len(a.Rows) == maxRows {
			a.More = true
			return a, nil
		}
		cells := make([]sql.RawBytes, len(names))
		targets := make([]any, len(names))
		for i := range cells {
			targets[i] = &cells[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return sqlAnswer{}, err
		}
		a.Rows = append(a.Rows, text(cells))
	}
	return a, rows.Err()
}

// text copies a row; SQL's NULL is nil. What is no text is shown in hex.
func text(cells []sql.RawBytes) []*string {
	row := make([]*string, len(cells))
	for i, c := range cells {
		if c == nil {
			continue
		}
		s := string(c)
		if strings.ToValidUTF8(s, "") != s {
			s = fmt.Sprintf("0x%x", s)
		}
		row[i] = &s
	}
	return row
}
