package config_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"telltale/config"
)

var update = flag.Bool("update", false, "rewrite testdata/*.error.txt and *.print.txt")

// all are the stages whose keys the files of testdata set.
var all = []config.Stage{config.StageBinlog, config.StageTranslator, config.StageConsumers, config.StageCRUDApp}

func TestGoodFiles(t *testing.T) {
	t.Parallel()
	full := config.Config{
		Source: config.Source{
			Name: "shop", DSN: "telltale:sec@ret@tcp(db:3306)/?timeout=5s",
			Tables: []string{"shop.*", "billing.*"}, ExcludeTables: []string{"shop.sessions"},
			Columns: []config.ColumnRule{
				{Match: "*.password_hash", Do: "deny"},
				{Match: "shop.customers.phone", Do: "deny"},
			},
			Aggregates: []config.Aggregate{{Name: "customer", Tables: []config.AggregateTable{
				{Table: "shop.customers", Key: "id"}, {Table: "shop.sign_ins", Key: "customer_id"},
			}}},
			MessageKeyColumns: []config.MessageKey{{Table: "shop.visits", Columns: []string{"customer_id", "at"}}},
			Types:             "debezium", TypeOptions: config.TypeOptions{
				DecimalHandlingMode: "string", TimePrecisionMode: "isostring", BigintUnsignedHandlingMode: "precise", BinaryHandlingMode: "hex",
			}, Format: "json", TransactionTopic: true, Snapshot: "never", Delivery: "exactly-once",
			Oversize: "claim-check", ClaimChecks: "s3://claims/shop?endpoint=https%3A%2F%2Fs3.example.com:9000&region=eu-central-1", MemoryMB: 200, ServerID: 4294967295,
		},
		Kafka: config.Kafka{
			Brokers: "SASL_SSL://kafka-1:9093, kafka-2:9093", Partitions: 12, ReplicationFactor: 3,
			Properties: []string{"security.protocol=SASL_SSL", "sasl.username=telltale", "sasl.password=hunter2"},
		},
		Translator: config.Translator{Rules: "rules", Group: "shop-translator"},
		Consumers: config.Consumers{
			Database: config.Database{DSN: "mailer:secret@tcp(db:3306)/mailer"},
			SMTP:     config.SMTP{Addr: "mail:465", From: "shop@example.com", Username: "shop", Password: "0123", TLS: "tls", Connections: 4},
		},
		CRUDApp: config.CRUDApp{DSN: "shop:secret@tcp(db:3306)/shop", InsecureCookies: true, Country: "SE", TrustedProxies: []string{"10.0.0.0/8"}, Payments: []string{"transfer", "test-card"}, UnpaidHours: 72},
		HTTP:    config.HTTP{Listen: ":8081"},
		Log:     config.Log{Level: "debug", Format: "json"},
	}
	minimal := config.Default(all...)
	minimal.Source.Name, minimal.Source.DSN = "shop", "telltale:secret@tcp(db:3306)/"
	minimal.Source.Tables = []string{"shop.*"}
	minimal.Kafka.Brokers = "kafka:9092"
	minimal.Consumers.Database.DSN = "mailer:secret@tcp(db:3306)/mailer"
	minimal.Consumers.SMTP.Addr, minimal.Consumers.SMTP.From = "mail:587", "Corner Shop <shop@example.com>"
	minimal.CRUDApp.DSN = "shop:secret@tcp(db:3306)/shop"
	anchors := minimal
	anchors.Source.DSN = "user:secret@tcp(db:3306)/shop"
	anchors.Consumers.Database.DSN, anchors.CRUDApp.DSN = anchors.Source.DSN, anchors.Source.DSN
	anchors.Consumers.SMTP.From = "shop@example.com"

	tests := []struct {
		file   string
		stages []config.Stage
		want   config.Config
	}{
		{"minimal", all, minimal},
		{"full", all, full},
		{"anchors", all, anchors},
		{"empty", nil, config.Default()},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(config.Options{File: "testdata/" + tt.file + ".good.yaml", Stages: tt.stages})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Config, tt.want) {
				t.Errorf("configuration\n got %+v\nwant %+v", got.Config, tt.want)
			}
		})
	}
}

// TestBadFiles compares the whole error text, which is what a person sees, with
// the file of the same name that ends in .error.txt.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("list bad files: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".bad.yaml"), func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Options{File: file, Stages: all})
			if err == nil {
				t.Fatal("loaded without an error")
			}
			golden(t, strings.TrimSuffix(file, ".bad.yaml")+".error.txt", err.Error()+"\n")
			if strings.Contains(err.Error(), "secret@") || strings.Contains(err.Error(), ":secret") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\n got:\n%s\nwant:\n%s", file, got, want)
	}
}

func TestDefaultListener(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		stages []config.Stage
		want   string
	}{
		{"one stage", []config.Stage{config.StageBinlog}, "127.0.0.1:9102"},
		{"several stages", []config.Stage{config.StageBinlog, config.StageTranslator}, "127.0.0.1:9100"},
		{"none", nil, "127.0.0.1:9100"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := config.Default(tt.stages...).Ops.Listen; got != tt.want {
				t.Errorf("ops.listen = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFlagsOfStages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		stages       []config.Stage
		with, absent string
	}{
		{[]config.Stage{config.StageBinlog}, "source-dsn-file", "crudapp-dsn"},
		{[]config.Stage{config.StageTranslator}, "source-name", "source-dsn"},
		{[]config.Stage{config.StageConsumers}, "consumers-smtp-password", "translator-rules"},
		{[]config.Stage{config.StageCRUDApp}, "http-listen", "kafka-brokers"},
		{nil, "crudapp-trusted-proxies", "source-columns"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.stages), func(t *testing.T) {
			t.Parallel()
			fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
			config.AddFlags(fs, tt.stages...)
			if fs.Lookup(tt.with) == nil {
				t.Errorf("no flag --%s", tt.with)
			}
			if fs.Lookup(tt.absent) != nil {
				t.Errorf("flag --%s is there, and of no use", tt.absent)
			}
		})
	}
}

// parsed returns configuration flags with args parsed.
func parsed(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return fs
}
