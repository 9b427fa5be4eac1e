package binlog

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/preflight"
)

// What an image does not hold is absent, which null is not; the key is there all
// the same.
func TestPartialImages(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testPartialImages)
}

func testPartialImages(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers, "binlog-row-image=MINIMAL")
	h.exec(t, "CREATE TABLE notes (id int PRIMARY KEY, title varchar(20), body text, stars int DEFAULT 5)")
	err := h.fails(t)
	if _, ok := errors.AsType[preflight.Findings](err); !ok || !strings.Contains(err.Error(), "source.partial_images") {
		t.Errorf("without partial_images: got %v", err)
	}
	h.o.PartialImages, h.o.Format = true, formatWithSchema
	if err := h.fails(t); !strings.Contains(err.Error(), "needs source.format: json") {
		t.Errorf("with schemas: got %v", err)
	}
	h.o.Format = formatJSON
	h.start(t)
	h.exec(t,
		"INSERT INTO notes (id, title, body) VALUES (1, 'a', NULL)",
		"UPDATE notes SET title = 'b' WHERE id = 1",
		"UPDATE notes SET body = NULL, title = 'c' WHERE id = 1",
		"UPDATE notes SET id = 2 WHERE id = 1",
		"DELETE FROM notes WHERE id = 2",
		"SET SESSION binlog_row_image = 'NOBLOB'",
		"INSERT INTO notes VALUES (3, 'x', 'y', 1)",
		"UPDATE notes SET title = 'z' WHERE id = 3",
		"UPDATE notes SET body = 'w' WHERE id = 3",
		"DELETE FROM notes WHERE id = 3",
	)
	h.published(t)
	rs := h.records(t, "notes", 13)
	slices.SortFunc(rs, func(a, b got) int { return strings.Compare(order(a), order(b)) })
	for i, want := range []struct{ key, op, before, after string }{
		{`{"id":1}`, "c", `null`, `{"id":1,"title":"a","body":null}`},
		{`{"id":1}`, "u", `{"id":1}`, `{"title":"b"}`},
		{`{"id":1}`, "u", `{"id":1}`, `{"title":"c","body":null}`},
		{`{"id":1}`, "d", `{"id":1}`, `null`},
		{`{"id":2}`, "c", `null`, `{"id":2}`},
		{`{"id":2}`, "d", `{"id":2}`, `null`},
		{`{"id":3}`, "c", `null`, `{"id":3,"title":"x","body":"y","stars":1}`},
		{`{"id":3}`, "u", `{"id":3,"title":"x","stars":1}`, `{"id":3,"title":"z","stars":1}`},
		{`{"id":3}`, "u", `{"id":3,"title":"z","stars":1}`, `{"id":3,"title":"z","body":"w","stars":1}`},
		{`{"id":3}`, "d", `{"id":3,"title":"z","stars":1}`, `null`},
	} {
		r := rs[i]
		if string(r.Key) != want.key || string(r.Op) != want.op || string(r.Before) != want.before || string(r.After) != want.after {
			t.Errorf("record %d: got %s %s %s %s, want %v", i, r.Key, r.Op, r.Before, r.After, want)
		}
	}
	h.mustStop(t)
}

// A record with a schema has no form for an absent column: a session that leaves
// some out stops the reader.
func TestPartialImagesWithSchema(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.o.Format = formatWithSchema
	h.exec(t, "CREATE TABLE notes (id int PRIMARY KEY, title varchar(20))")
	ended := h.start(t)
	h.exec(t, "INSERT INTO notes VALUES (1, 'a')", "SET SESSION binlog_row_image = 'MINIMAL'", "UPDATE notes SET title = 'b'")
	select {
	case err := <-ended:
		if !errors.Is(err, errAbsent) {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the reader goes on")
	}
}
