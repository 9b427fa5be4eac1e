package translator

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telltale/internal/kafkaclient"
	"telltale/internal/preflight"
	"telltale/schemas/change"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	create := func(topic string) string {
		return "kafka-topics.sh --bootstrap-server " + b.config.Brokers + " --create --topic " + topic +
			" --partitions 6 --replication-factor 1 --config cleanup.policy=delete --config retention.ms=-1"
	}
	tests := []struct {
		name    string
		options func(*testing.T, *Options)
		want    []preflight.Finding // Where is compared by its end.
	}{
		{"all is well", func(*testing.T, *Options) {}, nil},
		{
			"an unknown column",
			func(t *testing.T, o *Options) {
				o.Rules = copyRules(t, "before.name != after.name", "before.nmae != after.name")
			},
			[]preflight.Finding{{What: "CustomerNameChanged: when: table shop.customers has no column nmae; did you mean name?", Where: "customer.yaml:21"}},
		},
		{
			"a misspelt key",
			func(t *testing.T, o *Options) { o.Rules = copyRules(t, "sequence:", "sequnce:") },
			[]preflight.Finding{{What: `CustomerRegistered: event has no key "sequnce"; did you mean "sequence"?`, Where: "customer.yaml:12"}},
		},
		{
			"no rules",
			func(t *testing.T, o *Options) { o.Rules = filepath.Join(t.TempDir(), "none") },
			[]preflight.Finding{{What: "no rule file (*.yaml) in ", Where: "none", Mend: "set translator.rules to the directory of the rule files"}},
		},
		{
			"topics may not be created",
			func(_ *testing.T, o *Options) { o.CreateTopics = false },
			[]preflight.Finding{{
				What: "event topics are missing and kafka.create_topics is false: events.customer, events.order, events.payment, events.product, events.review", Where: b.config.Brokers,
				Mend: create("events.customer") + "\n" + create("events.order") + "\n" + create("events.payment") + "\n" + create("events.product") + "\n" + create("events.review"),
			}},
		},
		{
			"a table that the reader has not described is checked against the shape beside the rules",
			func(t *testing.T, o *Options) {
				o.Source = "other"
				o.Rules = copyRules(t, "before.name != after.name", "before.nmae != after.name")
			},
			[]preflight.Finding{{What: "CustomerNameChanged: when: table shop.customers has no column nmae; did you mean name?", Where: "customer.yaml:21"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := b.options()
			tt.options(t, &o)
			err := Check(t.Context(), o)
			var got preflight.Findings
			if err != nil && !errors.As(err, &got) {
				t.Fatal(err)
			}
			same := slices.EqualFunc(got, tt.want, func(g, w preflight.Finding) bool {
				return strings.HasPrefix(g.What, w.What) && strings.HasSuffix(g.Where, w.Where) && g.Mend == w.Mend
			})
			if !same {
				t.Errorf("\ngot  %+v\nwant %+v", got, tt.want)
			}
		})
	}
	if events := b.events(); events != nil {
		t.Errorf("Check left events or their topic: %v", events)
	}
}

func TestRunRefusesWhatItMayNotCreate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	o := b.options()
	o.CreateTopics = false
	var missing *kafkaclient.MissingTopicsError
	if err := Run(t.Context(), o); !errors.As(err, &missing) {
		t.Errorf("got %v, want a MissingTopicsError", err)
	}
	o.Rules = copyRules(t, "after.version", "after.vresion")
	o.Registerer = nil
	var problem *Problem
	if err := Run(t.Context(), o); !errors.As(err, &problem) || problem.Line != 12 {
		t.Errorf("got %v, want a Problem at line 12", err)
	}
}

func TestWriteShapes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dir := copyRules(t, "doc:", "doc:")
	if err := os.RemoveAll(filepath.Join(dir, "tables")); err != nil {
		t.Fatal(err)
	}
	_, err := WriteShapes(t.Context(), b.config, "shop", dir)
	if want := "topic shop.schemas does not describe table shop.customers; the reader describes the tables of its source.tables when it starts"; err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
	b.publishShape(b.shape)
	newer := b.shape
	newer.Columns = append(slices.Clone(newer.Columns), change.Column{Name: "nickname", Type: "varchar(10)", Nullable: true})
	b.publishShape(newer.WithID())
	written, err := WriteShapes(t.Context(), b.config, "shop", dir)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, table := range slices.Sorted(slices.Values(append([]string{"shop.customers"}, otherTables...))) {
		want = append(want, shapePath(dir, table))
	}
	if !slices.Equal(written, want) {
		t.Errorf("got %q, want %q", written, want)
	}
	got, err := readShape(dir, "shop.customers")
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != newer.WithID().ID {
		t.Errorf("got shape %s, want the newest, %s", got.ID, newer.WithID().ID)
	}
	if report, err := TestRules(dir); err != nil || report.Failed() > 0 {
		t.Errorf("tests against the written shape: %v, %d failed", err, report.Failed())
	}
}
