package binlog

import (
	"maps"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// TestTraces publishes what traced and other requests changed.
func TestTraces(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	recorded := tracetest.NewInMemoryExporter()
	h.o.Traces = sdk.NewTracerProvider(sdk.WithSyncer(recorded))
	h.exec(t, "CREATE TABLE a (id INT PRIMARY KEY, v INT)", "CREATE TABLE b (id INT PRIMARY KEY)")
	h.start(t)
	const (
		first  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		second = "00-1bf7651916cd43dd8448eb211c80319c-b7ad6b7169203332-03"
		silent = "00-2cf7651916cd43dd8448eb211c80319c-b7ad6b7169203333-00"
	)
	by := func(statement, traceparent string) string {
		return statement + " /*actor='x',traceparent='" + traceparent + "'*/"
	}
	began := time.Now()
	h.exec(
		t,
		"BEGIN",
		by("INSERT INTO a VALUES (1, 0), (2, 0)", first),
		by("UPDATE a SET v = 1 WHERE id = 1", first),
		by("INSERT INTO b VALUES (1)", first),
		by("UPDATE a SET v = 2 WHERE id = 1", second),
		by("UPDATE a SET v = 3 WHERE id = 1", silent),
		by("UPDATE a SET v = 4 WHERE id = 1", "nonsense"),
		"UPDATE a SET v = 5 WHERE id = 1",
		"COMMIT",
		"BEGIN", by("UPDATE a SET v = 6 WHERE id = 1", first), "ROLLBACK",
		by("UPDATE a SET id = 3 WHERE id = 1", second),
	)
	h.published(t)
	h.mustStop(t)

	type span struct {
		traceparent, name string
		records           int64
	}
	got := map[span]int{}
	for _, s := range recorded.GetSpans() {
		attributes := attribute.NewSet(s.Attributes...)
		count, _ := attributes.Value("messaging.batch.message_count")
		gtid, ok := attributes.Value("telltale.gtid")
		if !ok || gtid.AsString() == "" || s.SpanKind != trace.SpanKindProducer {
			t.Errorf("span %+v, want a producer's with a GTID", s)
		}
		if s.StartTime.Before(began) || s.EndTime.Before(s.StartTime) || s.EndTime.After(time.Now()) {
			t.Errorf("span from %v to %v, test from %v", s.StartTime, s.EndTime, began)
		}
		if !s.Parent.IsRemote() || s.Parent.TraceID() != s.SpanContext.TraceID() {
			t.Errorf("span %v has the parent %v", s.SpanContext, s.Parent)
		}
		got[span{s.Parent.TraceID().String() + "-" + s.Parent.SpanID().String(), s.Name, count.AsInt64()}]++
	}
	want := map[span]int{
		{first[3:52], "send shop.shop.a", 3}:  1,
		{first[3:52], "send shop.shop.b", 1}:  1,
		{second[3:52], "send shop.shop.a", 1}: 1,
		{second[3:52], "send shop.shop.a", 3}: 1, // The delete, its tombstone and the create of a changed key.
	}
	if !maps.Equal(got, want) {
		t.Errorf("spans %v, want %v", slices.Collect(maps.Keys(got)), slices.Collect(maps.Keys(want)))
	}
}

// TestTraceparent finds the trace context as appendContext writes it.
func TestTraceparent(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"DELETE FROM t":                                                       "",
		"DELETE FROM t /*actor='a'*/":                                         "",
		"DELETE FROM t /*traceparent='00-0a-0b-01'*/":                         "00-0a-0b-01",
		"DELETE FROM t /*request_id='r',traceparent='00-0a-0b-01'*/":          "00-0a-0b-01",
		`DELETE FROM t /*actor='%22traceparent%22:%22x',traceparent='y'*/`:    "y",
		`DELETE FROM t /*actor='%22,%22traceparent%22:%22x',request_id='r'*/`: "",
	} {
		context, err := appendContext(nil, []byte(query), sqlMode{})
		if err != nil {
			t.Fatal(err)
		}
		if got := traceparent(context); got != want {
			t.Errorf("%s: traceparent %q in %s, want %q", query, got, context, want)
		}
	}
}
