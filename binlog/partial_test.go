package binlog

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// documents has two JSON columns that are published and one that is not, which
// has its bit in partial updates all the same.
const documents = "CREATE TABLE documents (id int PRIMARY KEY, a json, secret json, b json, note varchar(20))"

// partialEvents is how many events of partial updates the server logged.
func (h *harness) partialEvents(t *testing.T) (n int) {
	t.Helper()
	rows, err := h.db.QueryContext(t.Context(), "SHOW BINLOG EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, typ, info string
		var pos, server, end int64
		if err := rows.Scan(&name, &pos, &typ, &server, &end, &info); err != nil {
			t.Fatal(err)
		}
		if typ == "Update_rows_partial" {
			n++
		}
	}
	return n
}

// randomChange is an assignment to a JSON column that the server may log as
// diffs.
func randomChange(r *rand.Rand, column string) string {
	path := func() string {
		return []string{"$.n", "$.list[0]", "$.list[2]", "$.list[last]", `$."odd \\"name\\""`, "$.deep.er", "$.deep.er[1]", "$.new", "$.lost", "$.list"}[r.IntN(10)]
	}
	value := func() string {
		return []string{"1", "-70000", "1.5", "'text'", "REPEAT('long ', 60)", "NULL", "true", "CAST('[1, {\"x\": 2}]' AS JSON)", "JSON_OBJECT('k', 'v', 'longer', 1)", "CAST('2024-02-29 12:00:00' AS DATETIME)"}[r.IntN(10)]
	}
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf("%s = JSON_REMOVE(%s, '%s')", column, column, path())
	case 1:
		return fmt.Sprintf("%s = JSON_REPLACE(%s, '%s', %s)", column, column, path(), value())
	case 2:
		return fmt.Sprintf("%s = JSON_SET(%s, '%s', %s, '%s', %s)", column, column, path(), value(), path(), value())
	}
	return fmt.Sprintf("%s = JSON_SET(%s, '%s', %s)", column, column, path(), value())
}

// A document that was logged as diffs arrives as SELECT shows it (I6).
func TestPartialJSON(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "binlog-row-value-options=PARTIAL_JSON")
	const first = `{"n": 1, "list": [1, 2, "three", {"four": null}], "odd \\"name\\"": "x", "deep": {"er": [[], {}]}, "lost": 1.25}`
	h.exec(t, documents, "INSERT INTO documents VALUES (1, '"+first+"', '"+first+"', '"+first+"', 'n')")
	h.start(t)
	r := newRandom(t)
	type row struct {
		A, B sql.NullString
		Note string
	}
	var want []row
	for i := range 150 {
		set := []string{randomChange(r, "a"), fmt.Sprintf("note = '%d'", i)}
		if r.IntN(2) == 0 {
			set = append(set, randomChange(r, "b"))
		}
		if r.IntN(2) == 0 {
			set = append(set, randomChange(r, "secret"))
		}
		if r.IntN(20) == 0 {
			set[0] = "a = NULL"
		}
		if r.IntN(10) == 0 {
			set[0] = "a = '" + first + "'"
		}
		h.exec(t, "UPDATE documents SET "+strings.Join(set, ", "))
		var one row
		if err := h.db.QueryRowContext(t.Context(), "SELECT a, b, note FROM documents").Scan(&one.A, &one.B, &one.Note); err != nil {
			t.Fatal(err)
		}
		want = append(want, one)
	}
	h.published(t)
	text := func(s *string) sql.NullString {
		if s == nil {
			return sql.NullString{}
		}
		return sql.NullString{String: *s, Valid: true}
	}
	for i, r := range h.records(t, "documents", len(want)) {
		var got struct {
			A, B *string
			Note string
		}
		if err := json.Unmarshal(r.After, &got); err != nil {
			t.Fatal(err)
		}
		if w := want[i]; text(got.A) != w.A || text(got.B) != w.B || got.Note != w.Note {
			t.Fatalf("update %d: got %s, want %+v", i, r.After, w)
		}
	}
	if n := h.partialEvents(t); n < len(want)/2 {
		t.Errorf("only %d of %d updates were logged as diffs", n, len(want))
	}
	h.mustStop(t)
}

// Diffs to a document that the before image leaves out stop the reader by name.
func TestPartialJSONWithoutBefore(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "binlog-row-value-options=PARTIAL_JSON")
	h.exec(t, documents, `INSERT INTO documents (id, a) VALUES (1, '{"n": 1, "m": "a long enough text"}')`)
	ended := h.start(t)
	h.exec(t, "SET SESSION binlog_row_image = 'MINIMAL'", "UPDATE documents SET a = JSON_SET(a, '$.n', 2)")
	select {
	case err := <-ended:
		if !errors.Is(err, errNoDocument) || !strings.Contains(err.Error(), "table shop.documents, row 0 of the event, op u: column a of type json") {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the reader goes on")
	}
}
