package translator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

// rowChange is a change of a table that is routed to the customer.
type rowChange struct {
	table, shape  string
	op            change.Op
	before, after string
}

// transaction produces changes of one customer as one MySQL transaction.
func (b *bench) transaction(customer int, changes ...rowChange) {
	b.t.Helper()
	b.n++
	gtid := fmt.Sprintf("3e11fa47-71ca-11e1-9e33-c80aa9429562:%d", b.n)
	key := fmt.Sprintf(`{"id":%d}`, customer)
	for i, c := range changes {
		value, err := json.Marshal(change.Envelope{
			Before: json.RawMessage(c.before), After: json.RawMessage(c.after), Op: c.op, ID: fmt.Sprintf("%s:shop.%s:%d", gtid, c.table, i),
			Source:      change.Source{Name: "shop", DB: "shop", Table: c.table, TsMS: 1_700_000_000_000, GTID: &gtid, Shape: c.shape},
			Transaction: &change.Transaction{ID: gtid, TotalOrder: int64(i + 1), Last: i == len(changes)-1},
		})
		if err != nil {
			b.t.Fatal(err)
		}
		b.produce("shop.customer", kafkaclient.Partition([]byte(key), 3), key, value)
	}
	b.flush()
}

// A topic that tables share is read in its order; changes of a table that no
// rule names are passed over and counted, and end their transaction as any.
func TestRunTranslatesAnAggregate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	shape, err := readShape(rulesDir, "shop.sign_ins")
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(id int) rowChange {
		return rowChange{
			"sign_ins", shape.ID, change.Create, "null",
			fmt.Sprintf(`{"id":%d,"customer_id":42,"address":"203.0.113.9","user_agent":"Browser/1.0","signed_in_at":"2026-11-21T16:00:00.123456Z"}`, id),
		}
	}
	rename := func(from, to string, version int) rowChange {
		image := func(name string, version int) string {
			return fmt.Sprintf(`{"id":42,"name":%q,"email":"","phone":null,"version":%d}`, name, version)
		}
		return rowChange{"customers", b.shape.ID, change.Update, image(from, version-1), image(to, version)}
	}
	note := rowChange{"notes", "unheard-of", change.Create, "null", `{"id":1,"customer_id":42}`}
	b.transaction(42, signIn(7))
	b.transaction(42, note, rename("Bob", "Alice", 2), signIn(8), note, note)
	b.transaction(42, note)
	b.transaction(42, rename("Alice", "Eve", 3))
	o := b.options()
	stop := b.start(o)
	var got []string
	for _, e := range b.await(4) {
		got = append(got, e.key+" "+e.Type+" "+string(e.Data))
	}
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	signedIn := func(id int) string {
		return fmt.Sprintf(`42 CustomerSignedIn {"id":42,"sign_in":%d,"address":"203.0.113.9","user_agent":"Browser/1.0","at":"2026-11-21T16:00:00.123456Z"}`, id)
	}
	want := []string{
		signedIn(7), `42 CustomerNameChanged {"id":42,"old_name":"Bob","new_name":"Alice"}`,
		signedIn(8), `42 CustomerNameChanged {"id":42,"old_name":"Alice","new_name":"Eve"}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("\ngot  %q\nwant %q", got, want)
	}
	want = []string{"passed notes 4", "records customers 2", "records sign_ins 2"}
	if got := counted(t, o); !slices.Equal(got, want) {
		t.Errorf("counted %q, want %q", got, want)
	}
}

// A table that is routed elsewhere while the translator runs is read there, and
// what is still written to the old topic is not lost.
func TestRunFollowsARoute(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	stop := b.start(b.options())
	b.renames(1, 1, 1)
	b.await(1)
	b.shape.Aggregate = "person"
	b.shape = b.shape.WithID()
	b.topics("shop.person", 3)
	b.publishShape(b.shape)
	b.renames(1, 2, 1)
	b.await(2)
	key := `{"id":1}`
	b.produce("shop.person", kafkaclient.Partition([]byte(key), 3), key,
		b.envelope(change.Update, &customer{ID: 1, Name: "name 3", Version: 3}, &customer{ID: 1, Name: "name 4", Version: 4}))
	b.flush()
	checkOnce(t, b.await(3), 1, 3)
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// counted lists what the translator counted of each table.
func counted(t *testing.T, o Options) []string {
	t.Helper()
	families, err := o.Registerer.(*prometheus.Registry).Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range families {
		what, ok := strings.CutPrefix(f.GetName(), "telltale_translator_")
		if what = strings.TrimSuffix(what, "_total"); !ok || what != "passed" && what != "records" {
			continue
		}
		for _, m := range f.GetMetric() {
			table := strings.TrimPrefix(m.GetLabel()[0].GetValue(), "shop.")
			out = append(out, fmt.Sprintf("%s %s %v", what, table, m.GetCounter().GetValue()))
		}
	}
	return out
}
