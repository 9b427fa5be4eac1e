package history

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"telltale/consumers"
	"telltale/schemas/event"
)

func TestFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind, data string
		want             []string // "what: old > new"
	}{
		{
			"registration", "CustomerRegistered", `{"id":42,"name":"Bob","email":"bob@example.com","phone":null}`,
			[]string{"name: - > Bob", "email: - > bob@example.com", "phone: - > -"},
		},
		{"registration of nothing", "CustomerRegistered", `{"id":42}`, []string{"data: - > {}"}},
		{"change", "CustomerNameChanged", `{"id":42,"old_name":"Bob","new_name":"Alice"}`, []string{"name: Bob > Alice"}},
		{"new value first", "CustomerNameChanged", `{"new_name":"Alice","old_name":"Bob"}`, []string{"name: Bob > Alice"}},
		{"removal", "CustomerPhoneChanged", `{"id":42,"old_phone":"1","new_phone":null}`, []string{"phone: 1 > -"}},
		{"empty text is a value", "CustomerPhoneChanged", `{"id":42,"old_phone":"","new_phone":"1"}`, []string{"phone:  > 1"}},
		{
			"sign-in", "CustomerSignedIn", `{"id":42,"sign_in":7,"address":"203.0.113.9","user_agent":"curl","at":"2026-11-21T16:00:00.123456Z"}`,
			[]string{"sign_in: - > 203.0.113.9"},
		},
		{
			"two fields in one event of an unknown type", "CustomerMoved", `{"id":42,"old_city":"Graz","new_city":"Wien","old_zip":8010,"new_zip":1010}`,
			[]string{"city: Graz > Wien", "zip: 8010 > 1010"},
		},
		{
			"more than fields", "CustomerMoved", `{"id":42,"old_city":"Graz","new_city":"Wien","why":"<love>","how":{"by":"train"}}`,
			[]string{"city: Graz > Wien", `data: - > {"how":{"by":"train"},"why":"<love>"}`},
		},
		{"no fields", "CustomerBlocked", `{"id":42,"reason":"fraud"}`, []string{`data: - > {"reason":"fraud"}`}},
		{"nothing", "CustomerBlocked", `{}`, []string{"data: - > {}"}},
		{"names that are none", "X", `{"old_":1,"new":2,"older_a":3}`, []string{`data: - > {"new":2,"old_":1,"older_a":3}`}},
		{"a field named data", "X", `{"old_data":1,"new_data":2}`, []string{`data: - > {"new_data":2,"old_data":1}`}},
		{"a name twice", "X", `{"old_a":1,"new_a":2,"old_a":3}`, []string{"a: 3 > 2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fields, err := fields(delivery(test.kind, test.data))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range fields {
				got = append(got, fmt.Sprintf("%s: %s > %s", f.what, shown(f.old), shown(f.new)))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%q, want\n%q", got, test.want)
			}
		})
	}
}

func TestFieldsRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	for _, data := range []string{`null`, `[]`, `"text"`, `7`} {
		for _, kind := range []string{"CustomerRegistered", "CustomerNameChanged", "CustomerBlocked"} {
			if _, err := fields(delivery(kind, data)); !consumers.IsPoison(err) {
				t.Errorf("%s with %s: got %v, want poison", kind, data, err)
			}
		}
	}
}

func delivery(kind, data string) consumers.Delivery {
	return consumers.Delivery{Event: event.Event{Type: kind, Data: json.RawMessage(data)}}
}

func shown(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}
