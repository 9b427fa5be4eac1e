package load_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"telltale/load"
)

// TestRecordReader reads a record while it is written, one byte at a time.
func TestRecordReader(t *testing.T) {
	t.Parallel()
	var whole bytes.Buffer
	recorder, err := load.NewRecorder(&whole, load.Header{Run: "abc", Seed: 1<<64 - 1})
	if err != nil {
		t.Fatal(err)
	}
	change, err := load.NewChange(load.Customers, nil, map[string]any{"id": uint64(1<<64 - 1), "phone": load.Nullable(""), "name": "Łucja"})
	if err != nil {
		t.Fatal(err)
	}
	for n, o := range []load.Outcome{load.Committed, load.Unknown, load.Vanished} {
		if err := recorder.Note(load.Step{N: int64(n), Deed: "register"}, o, []load.Change{change}); err != nil {
			t.Fatal(err)
		}
	}
	var sofar bytes.Buffer
	r := load.NewRecordReader(&sofar)
	var got []load.Entry
	for _, b := range whole.Bytes() {
		sofar.WriteByte(b)
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if len(got) != 3 || r.Header().Seed != 1<<64-1 || r.Header().Run != "abc" {
		t.Fatalf("got %d entries behind the header %+v", len(got), r.Header())
	}
	const after, key = `{"id":18446744073709551615,"name":"Łucja","phone":null}`, `{"id":18446744073709551615}`
	if c := got[0].Changes[0]; c != change || c.After != after || c.Before != "" || c.Key != key || c.Op != "c" {
		t.Errorf("got %+v, want %+v", c, change)
	}
}

func TestStrangeRecords(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"another format": `{"record": 2}` + "\n{}\n",
		"no JSON":        "hello\n",
	} {
		if _, err := load.NewRecordReader(bytes.NewBufferString(text)).Next(); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: got %v, want an error", name, err)
		}
	}
}
