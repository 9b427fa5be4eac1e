package translator

import (
	"testing"

	"telltale/schemas/change"
)

// BenchmarkTranslate is everything between the bytes of a raw change and the
// parts of its events: one change an iteration, a rename that makes one event
// and fails three conditions. changes/s is one core's.
func BenchmarkTranslate(b *testing.B) {
	tests := []struct {
		name          string
		before, after string
		events        int
	}{
		{"one event", "Bob", "Alice", 1},
		{"no event", "Bob", "Bob", 0},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			t, err := offlineTranslator(rulesDir)
			if err != nil {
				b.Fatal(err)
			}
			parser := newEnvelopeParser()
			value := benchChange(b, tt.before, tt.after)
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				c, err := parser.parse(value)
				if err != nil {
					b.Fatal(err)
				}
				out, err := t.translate([]rawChange{c})
				if err != nil || len(out) != tt.events {
					b.Fatalf("got %d events and %v, want %d", len(out), err, tt.events)
				}
				for i := range out {
					_ = out[i].event.Headers()
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
		})
	}
}

func benchChange(b *testing.B, before, after string) []byte {
	b.Helper()
	shape, err := readShape(rulesDir, "shop.customers")
	if err != nil {
		b.Fatal(err)
	}
	image := func(name, version string) string {
		return `{"id":42,"email":"someone@example.com","name":"` + name + `","phone":null,` +
			`"created_at":"2024-03-10T02:30:00.123456","updated_at":"2024-03-10T02:30:00.123456Z","version":` + version + `}`
	}
	const gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1234567"
	return []byte(`{"before":` + image(before, "1") + `,"after":` + image(after, "2") +
		`,"source":{"version":"1.0.0","connector":"mysql","name":"shop","ts_ms":1700000000000,"snapshot":"false","db":"shop","sequence":null,` +
		`"ts_us":1700000000000123,"ts_ns":1700000000000123000,"table":"customers","server_id":1,"gtid":"` + gtid + `","file":"binlog.000042",` +
		`"pos":123456,"row":0,"thread":77,"query":null,"shape":"` + shape.ID + `"},"transaction":{"id":"` + gtid +
		`","total_order":1,"data_collection_order":1,"last":true},"op":"` + string(change.Update) +
		`","ts_ms":1700000000005,"ts_us":1700000000005123,"ts_ns":1700000000005123000,"id":"` + gtid + `:shop.customers:0",` +
		`"context":{"actor":"customer:42","request_id":"9f2","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}`)
}
