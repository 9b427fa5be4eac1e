package translator

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"pgregory.net/rapid"

	"telltale/schemas/change"
)

// fullImage is a row of everything as the reader writes it, values that a
// careless reading would change included.
const fullImage = `{"id":18446744073709551615,"small":-7,"small_null":null,"big_null":9007199254740993,"ratio":0.1,` +
	`"name":"Zoë \"Q\" \\ </b> \u0001","phone":null,"price":"0012.50","price_null":null,"day":"2024-02-29",` +
	`"created":"2024-03-10T02:30:00.120000","updated":"2024-03-10T02:30:00.500Z","opens":"-838:59:59.50","born":1901,` +
	`"state":"new","tags":["a","b"],"tags_null":null,"active":true,"active_null":null,"token":"AP8B/w==",` +
	`"extra":"{\"a\": 1.0}","place":{"srid":0,"wkb":"AQ=="}}`

func testChange(op change.Op, before, after string) rawChange {
	c := rawChange{
		table: "db.t", op: op, shape: everything.ID, id: "g:1:db.t:0", gtid: "g:1", last: true,
		at: time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC), actor: "user:7", request: "r-1", traceparent: "00-ab-cd-01",
		key: []byte(`{"id":1}`), place: place{"shop.db.t", 2, 33},
	}
	if before != "" {
		c.before = []byte(before)
	}
	if after != "" {
		c.after = []byte(after)
	}
	return c
}

// evaluate computes one expression, as the data of an update to and from
// fullImage, and returns its JSON.
func evaluate(expr string) (string, error) {
	tr, err := compileText(ruleText("row.id", "update", "data:", "  x: >-", "    "+expr))
	if err != nil {
		return "", err
	}
	out, err := tr.translate([]rawChange{testChange(change.Update, fullImage, fullImage)})
	if err != nil {
		return "", err
	}
	data := string(out[0].event.Data)
	return strings.TrimSuffix(strings.TrimPrefix(data, `{"x":`), "}"), nil
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	tests := []struct{ expr, want string }{
		// A bare column passes byte for byte.
		{"after.id", "18446744073709551615"},
		{"after.big_null", "9007199254740993"},
		{"after.ratio", "0.1"},
		{"after.name", `"Zoë \"Q\" \\ </b> \u0001"`},
		{"after.phone", "null"},
		{"after.price", `"0012.50"`},
		{"after.created", `"2024-03-10T02:30:00.120000"`},
		{"after.updated", `"2024-03-10T02:30:00.500Z"`},
		{"after.opens", `"-838:59:59.50"`},
		{"after.tags", `["a","b"]`},
		{"after.token", `"AP8B/w=="`},
		{"after.extra", `"{\"a\": 1.0}"`},
		// So does a value that went through CEL.
		{"true ? after.id : before.id", "18446744073709551615"},
		{"true ? after.name : before.name", `"Zoë \"Q\" \\ </b> \u0001"`},
		{"true ? after.price : before.price", `"0012.50"`},
		{"true ? after.created : before.created", `"2024-03-10T02:30:00.120000"`},
		{"true ? after.opens : before.opens", `"-838:59:59.50"`},
		{"true ? after.token : before.token", `"AP8B/w=="`},
		{"true ? after.tags : before.tags", `["a","b"]`},
		{"after.phone == null ? null : after.phone", "null"},
		// Null compares with everything that can be null, and is unequal to every value.
		{"after.phone == null", "true"},
		{"after.phone != before.phone", "false"},
		{"after.phone == 'x'", "false"},
		{"after.price_null == null && after.price_null == before.price_null", "true"},
		{"after.price_null == after.price", "false"},
		{"after.price == after.price_null", "false"},
		{"after.day != null && after.tags_null == null && after.active_null == null", "true"},
		// Numbers.
		{"after.id == 18446744073709551615u", "true"},
		{"after.id > 5", "true"},
		{"after.small < 0 && after.small + 1 == -6", "true"},
		{"after.born == 1901", "true"},
		{"after.ratio * 2.0", "0.2"},
		{"after.ratio > 0", "true"},
		// Decimals compare as numbers, whatever their scale.
		{"after.price == decimal('12.5')", "true"},
		{"after.price > 12", "true"},
		{"after.price < 13", "true"},
		{"after.price >= decimal('12.499999999999999999999999')", "true"},
		{"after.price < decimal('9')", "false"},
		{"double(after.price)", "12.5"},
		{"string(after.price)", `"0012.50"`},
		{"decimal(3)", `"3"`},
		// Dates and times.
		{"after.created > timestamp('2024-03-10T02:30:00.119999Z')", "true"},
		{"after.created == before.created", "true"},
		{"after.day < timestamp('2024-03-01T00:00:00Z')", "true"},
		{"timestamp(after.updated).getMilliseconds()", "500"},
		{"timestamp(after.updated) - timestamp(after.created)", `"0.38s"`},
		{"timestamp(after.day)", `"2024-02-29T00:00:00Z"`},
		{"duration(after.opens) < duration('-838h')", "true"},
		{"string(after.day)", `"2024-02-29"`},
		// The rest.
		{"after.active && !(after.state == 'paid')", "true"},
		{"'b' in after.tags && size(after.tags) == 2", "true"},
		{"size(after.token)", "4"},
		{"after.name.lowerAscii().startsWith('zo')", "true"},
		{"has(after.phone)", "true"},
		{"{'b': after.small, 'a': [after.id, 1u], 'c': {'z': null, 'y': after.price}}", `{"a":[18446744073709551615,1],"b":-7,"c":{"y":"0012.50","z":null}}`},
		{"after.tags.map(t, t + '!')", `["a!","b!"]`},
		{"1e21", "1e+21"},
		{"row.small == after.small", "true"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			t.Parallel()
			got, err := evaluate(tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestExpressionsThatFail(t *testing.T) {
	t.Parallel()
	tests := []struct{ expr, want string }{
		{"1 / (after.small + 7)", "data.x: division by zero"},
		{"after.ratio / 0.0", "data.x: the number +Inf has no JSON"},
		{"after.phone.startsWith('x')", "data.x: no such overload"},
		{"decimal(after.name)", "data.x: decimal \"Zoë \\\"Q\\\" \\\\ </b> \\x01\": want digits, at most one point and a leading minus"},
		{"{1: 'a'}", "data.x: a map with a key of type int has no JSON, only texts can be keys"},
		{"dyn(after.price) == dyn(1.5)", "data.x: compare mysql.decimal with double: not supported"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			t.Parallel()
			_, err := evaluate(tt.expr)
			var rule *RuleError
			if !errors.As(err, &rule) {
				t.Fatalf("got %v, want a RuleError", err)
			}
			if got := rule.Problem.What; !strings.HasPrefix(got, tt.want) {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
			if want := "; change g:1:db.t:0 (topic shop.db.t, partition 2, offset 33)"; !strings.HasSuffix(err.Error(), want) {
				t.Errorf("got %s, want it to end in %s", err, want)
			}
		})
	}
}

func TestAbsentIsNotNull(t *testing.T) {
	t.Parallel()
	minimal := `{"id":1,"name":"Bob"}`
	tests := []struct {
		name string
		rule []string
		want string // The error, or "" for an event.
	}{
		{"named in when", []string{"when: before.phone != after.phone", "data: {id: after.id}"}, "when: the before image of db.t has no column phone; with binlog_row_image other than FULL the server leaves columns out"},
		{"passed through", []string{"data: {x: after.phone}"}, "data.x: the after image of db.t has no column phone; with binlog_row_image other than FULL the server leaves columns out"},
		{"asked for", []string{"when: has(after.name) && !has(after.phone)", "data: {x: after.name}"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr, err := compileText(ruleText("row.id", "update", tt.rule...))
			if err != nil {
				t.Fatal(err)
			}
			out, err := tr.translate([]rawChange{testChange(change.Update, minimal, minimal)})
			var rule *RuleError
			switch {
			case tt.want == "" && (err != nil || len(out) != 1):
				t.Errorf("got %d events and %v, want one", len(out), err)
			case tt.want != "" && (!errors.As(err, &rule) || rule.Problem.What != tt.want):
				t.Errorf("\ngot  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// The halves of an update of the key are no insert and no delete.
func TestTranslateHalves(t *testing.T) {
	t.Parallel()
	header := func(key string) []kafka.Header { return []kafka.Header{{Key: key, Value: []byte(`{"id":2}`)}} }
	for _, tt := range []struct {
		rule    string
		op      change.Op
		headers []kafka.Header
		want    int
	}{
		{"insert", change.Create, nil, 1},
		{"insert", change.Create, header("traceparent"), 1},
		{"insert", change.Create, header(change.HeaderOldKey), 0},
		{"arrive", change.Create, header(change.HeaderOldKey), 1},
		{"arrive", change.Create, nil, 0},
		{"delete", change.Delete, nil, 1},
		{"delete", change.Delete, header(change.HeaderNewKey), 0},
		{"leave", change.Delete, header(change.HeaderNewKey), 1},
		{"leave", change.Delete, nil, 0},
		{"update", change.Update, header(change.HeaderNewKey), 1},
	} {
		tr, err := compileText(ruleText("row.id", tt.rule, "data: {id: row.id}"))
		if err != nil {
			t.Fatal(err)
		}
		before, after := fullImage, fullImage
		switch tt.op {
		case change.Create:
			before = ""
		case change.Delete:
			after = ""
		}
		c := testChange(tt.op, before, after)
		c.markHalf(tt.headers)
		out, err := tr.translate([]rawChange{c})
		if err != nil || len(out) != tt.want {
			t.Errorf("op %s on %s with headers %v: got %d events, %v, want %d", tt.rule, tt.op, tt.headers, len(out), err, tt.want)
		}
	}
}

func TestTranslateAttributes(t *testing.T) {
	t.Parallel()
	tr, err := compileText(
		ruleText("row.id", "delete", "name: gone", "version: 3", "time: row.created", "sequence: row.small", "data: {x: row.small, y: before.name}"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := tr.translate([]rawChange{testChange(change.Delete, fullImage, "")})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s %s %+v", out[0].topic, out[0].key, out[0].event)
	want := `events.thing 18446744073709551615 {ID:g:1:db.t:0/thing.gone.v3 Type:ThingHappened Source:/telltale/shop ` +
		`Subject:thing/18446744073709551615 Time:2024-03-10 02:30:00.12 +0000 UTC DataSchema:thing/ThingHappened/v3 Cause:g:1 ` +
		`Sequence:-7 Actor:user:7 Request:r-1 Traceparent:00-ab-cd-01 Data:` + fmt.Sprint([]byte(`{"x":-7,"y":"Zoë \"Q\" \\ </b> \u0001"}`)) + `}`
	if got != want {
		t.Errorf("\ngot  %s\nwant %s", got, want)
	}
}

func TestTranslateKeepsOpsApart(t *testing.T) {
	t.Parallel()
	image := map[change.Op][2]string{
		change.Create: {"", fullImage}, change.Read: {"", fullImage},
		change.Update: {fullImage, fullImage}, change.Delete: {fullImage, ""}, change.Truncate: {"", ""},
	}
	for _, rule := range []change.Op{change.Create, change.Update, change.Delete, change.Read} {
		tr, err := compileText(ruleText("row.id", opWord(rule), "data: {id: row.id}"))
		if err != nil {
			t.Fatal(err)
		}
		for op, i := range image {
			out, err := tr.translate([]rawChange{testChange(op, i[0], i[1])})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := len(out) == 1, op == rule; got != want {
				t.Errorf("rule on %s, change %s: event %t, want %t", opWord(rule), op, got, want)
			}
		}
	}
}

// Same input, same bytes out (I8), whatever was translated in between.
func TestTranslateIsPure(t *testing.T) {
	t.Parallel()
	rules := ruleText("row.id", "update", "when: before.name != after.name",
		"data: {n: after.name, m: \"{'b': before.name, 'a': after.small, 'c': {'z': 1, 'y': 2}}\"}")
	rapid.Check(t, func(rt *rapid.T) {
		tr, err := compileText(rules)
		if err != nil {
			rt.Fatal(err)
		}
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		group := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) rawChange {
			image := func() string {
				return fmt.Sprintf(`{"id":1,"small":%d,"name":%q}`, rapid.IntRange(0, 3).Draw(rt, "small"), name.Draw(rt, "name"))
			}
			return testChange(change.Update, image(), image())
		}), 1, 5).Draw(rt, "group")
		first := render(rt, tr, group)
		render(rt, tr, []rawChange{testChange(change.Update, fullImage, fullImage)})
		if again := render(rt, tr, group); !bytes.Equal(first, again) {
			rt.Fatalf("\nfirst %s\nagain %s", first, again)
		}
		fresh, err := compileText(rules)
		if err != nil {
			rt.Fatal(err)
		}
		if other := render(rt, fresh, group); !bytes.Equal(first, other) {
			rt.Fatalf("\nfirst %s\nfresh %s", first, other)
		}
	})
}

func render(rt *rapid.T, tr *translator, group []rawChange) []byte {
	out, err := tr.translate(group)
	if err != nil {
		rt.Fatal(err)
	}
	var all []byte
	for _, o := range out {
		all = fmt.Appendf(all, "%s %s %s %s\n", o.topic, o.key, o.event.Headers(), o.event.Data)
	}
	return all
}

func TestChangedColumns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		when, before, after string
		want                bool
	}{
		{"before.name != after.name", `{"id":1,"name":"a"}`, `{"id":1,"name":"a"}`, false},
		{"before.name != after.name", `{"id":1,"name":"a"}`, `{"id":1,"name":"b"}`, true},
		{"before.name != row.name", `{"id":1,"name":"a"}`, `{"id":1,"name":"b"}`, true},
		{"after.name != before.name", `{"id":1,"name":"é"}`, `{"id":1,"name":"\u00e9"}`, false},
		{"before.phone != after.phone", `{"id":1,"phone":null}`, `{"id":1,"phone":null}`, false},
		{"before.phone != after.phone", `{"id":1,"phone":null}`, `{"id":1,"phone":""}`, true},
		{"before.phone != after.phone", `{"id":1,"phone":"1"}`, `{"id":1,"phone":null}`, true},
		{"before.price != after.price", `{"id":1,"price":"1.50"}`, `{"id":1,"price":"1.5"}`, false},
		{"before.name != after.phone", `{"id":1,"name":"a"}`, `{"id":1,"phone":"a"}`, false},
		{"after.name != row.name", `{"id":1,"name":"a"}`, `{"id":1,"name":"b"}`, false},
		{"before.tags != after.tags", `{"id":1,"tags":["a"]}`, `{"id":1,"tags":["a","b"]}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.when+" "+tt.before+" "+tt.after, func(t *testing.T) {
			t.Parallel()
			tr, err := compileText(ruleText("row.id", "update", "when: "+tt.when, "data: {id: after.id}"))
			if err != nil {
				t.Fatal(err)
			}
			out, err := tr.translate([]rawChange{testChange(change.Update, tt.before, tt.after)})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(out) == 1; got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestTranslateRefusesMissingImages(t *testing.T) {
	t.Parallel()
	tr, err := compileText(ruleText("row.id", "update", "data: {id: row.id}"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = tr.translate([]rawChange{testChange(change.Update, "", fullImage)})
	if want := "translate change g:1:db.t:0 (topic shop.db.t, partition 2, offset 33): update without a before image"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
