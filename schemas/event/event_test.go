package event_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"telltale/schemas/event"
)

func exampleEvent() event.Event {
	return event.Event{
		ID: "3e11:23:shop.customers:0/customer.CustomerNameChanged", Type: "CustomerNameChanged", Source: "/telltale/shop",
		Subject: "customer/42", Time: time.Date(2024, 3, 10, 2, 30, 0, 123456000, time.UTC),
		DataSchema: "customer/CustomerNameChanged/v1", Cause: "3e11:23", Sequence: "2", Actor: "customer:42", Request: "req-7",
		Traceparent: "00-0a-b7-01",
		Data:        json.RawMessage(`{"id":42,"old_name":"Bob","new_name":"Alice"}`),
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	var got []string
	for _, h := range exampleEvent().Headers() {
		got = append(got, h.Key+"="+string(h.Value))
	}
	want := []string{
		"ce_specversion=1.0", "ce_id=3e11:23:shop.customers:0/customer.CustomerNameChanged", "ce_type=CustomerNameChanged",
		"ce_source=/telltale/shop", "ce_subject=customer/42", "ce_time=2024-03-10T02:30:00.123456Z",
		"ce_dataschema=customer/CustomerNameChanged/v1", "ce_cause=3e11:23", "ce_sequence=2", "ce_actor=customer:42",
		"ce_request=req-7", "traceparent=00-0a-b7-01", "content-type=application/json",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\ngot  %q\nwant %q", got, want)
	}
}

func TestHeadersLeaveOutWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	e := exampleEvent()
	e.DataSchema, e.Cause, e.Sequence, e.Actor, e.Request, e.Traceparent = "", "", "", "", "", ""
	for _, h := range e.Headers() {
		switch h.Key {
		case event.HeaderDataSchema, event.HeaderCause, event.HeaderSequence, event.HeaderActor, event.HeaderRequest,
			event.HeaderTraceparent:
			t.Errorf("header %s is there", h.Key)
		}
	}
}

// The values share memory; changing one must not reach the next.
func TestHeadersDoNotOverlap(t *testing.T) {
	t.Parallel()
	headers := exampleEvent().Headers()
	_ = append(headers[1].Value, "XXXX"...)
	if got, want := string(headers[2].Value), "CustomerNameChanged"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEventsReadBack(t *testing.T) {
	t.Parallel()
	text := rapid.StringN(1, 40, 700)
	optional := rapid.StringN(0, 40, 700)
	rapid.Check(t, func(t *rapid.T) {
		data, err := json.Marshal(map[string]string{"name": optional.Draw(t, "name")})
		if err != nil {
			t.Fatal(err)
		}
		want := event.Event{
			ID: text.Draw(t, "id"), Type: text.Draw(t, "type"), Source: text.Draw(t, "source"), Subject: optional.Draw(t, "subject"),
			Time:       time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC(),
			DataSchema: optional.Draw(t, "schema"), Cause: optional.Draw(t, "cause"), Sequence: optional.Draw(t, "sequence"),
			Actor: optional.Draw(t, "actor"), Request: optional.Draw(t, "request"), Traceparent: optional.Draw(t, "traceparent"), Data: data,
		}
		got, err := event.Parse(append(want.Headers(), event.Header{Key: "x-added-on-the-way", Value: []byte("1")}), want.Data)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("\ngot  %+v\nwant %+v", got, want)
		}
	})
}

func TestParseProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(headers map[string]string)
		value  string
		want   string
	}{
		{"no CloudEvent", func(h map[string]string) { delete(h, event.HeaderSpecVersion) }, "{}", `ce_specversion is "", want "1.0"`},
		{"another version", func(h map[string]string) { h[event.HeaderSpecVersion] = "2.0" }, "{}", `ce_specversion is "2.0", want "1.0"`},
		{"no id", func(h map[string]string) { delete(h, event.HeaderID) }, "{}", "id, type and source must be set"},
		{"no type", func(h map[string]string) { h[event.HeaderType] = "" }, "{}", "id, type and source must be set"},
		{"no time", func(h map[string]string) { h[event.HeaderTime] = "today" }, "{}", `ce_time: parsing time "today"`},
		{"no JSON", func(map[string]string) {}, "{", "data is not JSON"},
		{"a tombstone", func(map[string]string) {}, "", "data is not JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			byName := make(map[string]string)
			for _, h := range exampleEvent().Headers() {
				byName[h.Key] = string(h.Value)
			}
			tt.change(byName)
			var headers []event.Header
			for k, v := range byName {
				headers = append(headers, event.Header{Key: k, Value: []byte(v)})
			}
			_, err := event.Parse(headers, []byte(tt.value))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("event.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	record := func(e event.Event, spoil map[string]string) map[string]any {
		headers := make(map[string]any)
		for _, h := range e.Headers() {
			headers[h.Key] = string(h.Value)
		}
		for k, v := range spoil {
			headers[k] = v
		}
		return map[string]any{"headers": headers, "value": map[string]any{"id": 42}}
	}
	if err := schema.Validate(record(exampleEvent(), nil)); err != nil {
		t.Error(err)
	}
	for k, v := range map[string]string{
		event.HeaderSpecVersion: "0.3", event.HeaderID: "", event.HeaderTime: "yesterday", event.HeaderSubject: "customer",
		event.HeaderSource: "shop", event.HeaderContentType: "text/plain",
	} {
		if err := schema.Validate(record(exampleEvent(), map[string]string{k: v})); err == nil {
			t.Errorf("%s %q: accepted, want an error", k, v)
		}
	}
}

func TestTopic(t *testing.T) {
	t.Parallel()
	if got, want := event.Topic("customer"), "events.customer"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
