package binlog

import (
	"errors"
	"strings"
	"testing"

	"telltale/schemas/change"
)

func TestMessageKeysRefuse(t *testing.T) {
	t.Parallel()
	routed := routes{"shop.orders": &route{}}
	for _, tt := range []struct {
		keys []MessageKey
		want string
	}{
		{[]MessageKey{{Table: "visits", Columns: []string{"id"}}}, `table "visits": want the name of one table`},
		{[]MessageKey{{Table: "shop.*", Columns: []string{"id"}}}, `table "shop.*": want the name of one table`},
		{[]MessageKey{{Table: "shop.a", Columns: []string{"x"}}, {Table: "shop.a", Columns: []string{"y"}}}, "table shop.a is there twice"},
		{[]MessageKey{{Table: "shop.orders", Columns: []string{"id"}}}, "table shop.orders is keyed by the root of its aggregate"},
		{[]MessageKey{{Table: "shop.a"}}, "table shop.a: want columns, each once"},
		{[]MessageKey{{Table: "shop.a", Columns: []string{"x", "y", "x"}}}, "table shop.a: want columns, each once"},
	} {
		if _, err := newMessageKeys(tt.keys, routed); err == nil || !strings.HasPrefix(err.Error(), keyColumns+": "+tt.want) {
			t.Errorf("%v: got %v, want %s", tt.keys, err, tt.want)
		}
	}
}

func TestMessageKeyOfATable(t *testing.T) {
	t.Parallel()
	d := tableDef{db: "shop", table: "visits", columns: []columnDef{{name: "customer_id"}, {name: "at"}}, key: []keyPart{{column: 1}}}
	keys := messageKeys{"shop.visits": {"at", "customer_id"}}
	if key, err := keys.of(d); err != nil || len(key) != 2 || key[0].column != 1 || key[1].column != 0 {
		t.Errorf("got key %v, %v", key, err)
	}
	if key, err := (messageKeys{}).of(d); err != nil || len(key) != 1 || key[0].column != 1 {
		t.Errorf("got its own key %v, %v", key, err)
	}
	for _, tt := range []struct{ column, want string }{
		{"custmer_id", "(did you mean customer_id?)"},
		{"x", "(it has customer_id, at)"},
	} {
		keys["shop.visits"] = []string{tt.column}
		if _, err := keys.of(d); !errors.Is(err, errKeyColumn) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.column, err, tt.want)
		}
	}
	keys["shop.gone"] = []string{"id"}
	if found := keys.check([]tableDef{d}); len(found) != 1 || !strings.Contains(found[0].What, "shop.gone") {
		t.Errorf("got findings %v, want one about shop.gone", found)
	}
}

// A row whose asked-for key changes moves from one key to the other, as with a
// primary key, and one whose primary key alone changes stays.
func TestRecordedStoryByMessageKey(t *testing.T) {
	t.Parallel()
	for _, r := range []recording{mysqlStory(), mariadbStory()} {
		s := r.stream(t)
		s.options.filter.keys = messageKeys{"shop.customers": {"name"}}
		if err := r.replay(t, s); err != nil {
			t.Fatal(err)
		}
		moved, kept := false, false
		for _, one := range s.cur.records {
			key, header := string(one.key.in(s.cur.buf)), string(one.header.in(s.cur.buf))
			if one.headerKey == change.HeaderNewKey && key == `{"name":"Bob"}` && header == `{"name":"Alice \uD83C\uDF0D"}` {
				moved = true
			}
			value := string(one.value.in(s.cur.buf))
			if one.topic.name == "customers" && strings.Contains(value, `"op":"u"`) && strings.Contains(value, `"after":{"id":100,`) {
				kept = key == `{"name":"a"}`
			}
		}
		if !moved || !kept {
			t.Errorf("%s: the renamed row moved: %t, the one with another id stayed: %t, want both", r.path, moved, kept)
		}
	}
}
