package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"telltale/config"
)

func TestPrecedence(t *testing.T) {
	t.Parallel()
	const file = "testdata/full.good.yaml"
	tests := []struct {
		name    string
		file    string
		environ []string
		flags   []string
		value   func(config.Config) any
		want    any
	}{
		{"default", "testdata/empty.good.yaml", nil, nil, partitions, 6},
		{"file over default", file, nil, nil, partitions, 12},
		{"environment over file", file, []string{"TELLTALE_KAFKA_PARTITIONS=7"}, nil, partitions, 7},
		{"flag over environment", file, []string{"TELLTALE_KAFKA_PARTITIONS=7"}, []string{"--kafka-partitions=8"}, partitions, 8},
		{"flag that equals its default", file, nil, []string{"--kafka-partitions=6"}, partitions, 6},
		{"empty variable counts as not set", file, []string{"TELLTALE_KAFKA_PARTITIONS="}, nil, partitions, 12},
		{"list in file", file, nil, nil, tables, []string{"shop.*", "billing.*"}},
		{"list in environment replaces", file, []string{"TELLTALE_SOURCE_TABLES=a.b, c.*"}, nil, tables, []string{"a.b", "c.*"}},
		{"quoted comma in a list", file, []string{`TELLTALE_SOURCE_TABLES="a.b,c",d.e`}, nil, tables, []string{"a.b,c", "d.e"}},
		{"list in flags", file, []string{"TELLTALE_SOURCE_TABLES=a.b"}, []string{"--source-tables=c.d,e.f", "--source-tables=g.h"}, tables, []string{"c.d", "e.f", "g.h"}},
		{"boolean in environment", file, []string{"TELLTALE_KAFKA_CREATE_TOPICS=true"}, nil, createTopics, true},
		{"boolean flag", "testdata/empty.good.yaml", nil, []string{"--kafka-create-topics=false"}, createTopics, false},
		{"unsigned flag", file, nil, []string{"--source-server-id=4294967294"}, serverID, uint32(4294967294)},
		{"unsigned in environment", file, []string{"TELLTALE_SOURCE_SERVER_ID=3"}, nil, serverID, uint32(3)},
		{"text with dots and equals signs", file, []string{"TELLTALE_SOURCE_DSN=a:b=c@tcp(h.x:1)/?d=e"}, nil, dsn, "a:b=c@tcp(h.x:1)/?d=e"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(config.Options{File: tt.file, Environ: tt.environ, Flags: parsed(t, tt.flags...)})
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.value(got.Config); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}

func partitions(c config.Config) any   { return c.Kafka.Partitions }
func tables(c config.Config) any       { return c.Source.Tables }
func createTopics(c config.Config) any { return c.Kafka.CreateTopics }
func serverID(c config.Config) any     { return c.Source.ServerID }
func dsn(c config.Config) any          { return c.Source.DSN }

func TestBadEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, entry, want string
	}{
		{"near name", "TELLTALE_SOURCE_DNS=x", "unknown environment variable TELLTALE_SOURCE_DNS; did you mean TELLTALE_SOURCE_DSN?"},
		{"no near name", "TELLTALE_COLOUR=blue", "unknown environment variable TELLTALE_COLOUR; `telltale config print` lists the keys: source.name is TELLTALE_SOURCE_NAME"},
		{"wrong type", "TELLTALE_KAFKA_PARTITIONS=many", "`kafka.partitions` in TELLTALE_KAFKA_PARTITIONS must be a whole number"},
		{"broken list", `TELLTALE_SOURCE_TABLES="a`, "`source.tables` in TELLTALE_SOURCE_TABLES must be a list of texts"},
		{"list of objects", "TELLTALE_SOURCE_COLUMNS=x", "`source.columns` cannot be set by TELLTALE_SOURCE_COLUMNS: it is a list of entries with match and do; set it in the file"},
		{"the server for the demo", "TELLTALE_MYSQLD=/usr/sbin/mysqld", ""},
		{"a Kubernetes service", "TELLTALE_PORT_9100_TCP_ADDR=10.0.0.1", ""},
		{"a Kubernetes service's port", "TELLTALE_OPS_SERVICE_PORT_HTTP=80", ""},
		{"another program's", "TELLTALES=x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Options{File: "testdata/empty.good.yaml", Environ: []string{"PATH=/bin", tt.entry}})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("error\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Options{File: "testdata/absent.yaml"})
	const want = "read configuration: open testdata/absent.yaml: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestDefaultFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := config.Load(config.Options{}); err != nil {
		t.Errorf("without %s: %v", config.DefaultFile, err)
	}
	write(t, config.DefaultFile, "log: {level: debug}\n")
	got, err := config.Load(config.Options{})
	if err != nil || got.Log.Level != "debug" {
		t.Errorf("with %s: level %q, error %v; want debug", config.DefaultFile, got.Log.Level, err)
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := write(t, filepath.Join(dir, "dsn"), "shop:se\ncret@tcp(db:3306)/shop\r\n")
	empty := write(t, filepath.Join(dir, "empty"), "\n")
	absent := filepath.Join(dir, "absent")
	password := write(t, filepath.Join(dir, "password"), " 0123 \n")
	properties := write(t, filepath.Join(dir, "properties"), "# the account\n\nsasl.username = telltale\r\nsasl.password=a=b #c\n")
	broken := write(t, filepath.Join(dir, "broken"), "sasl.username=telltale\nsasl.password hunter2\n")
	twice := write(t, filepath.Join(dir, "twice"), "hunter2\nhunter2\n")
	translator := []string{"TELLTALE_SOURCE_NAME=shop", "TELLTALE_KAFKA_BROKERS=k:1"}
	tests := []struct {
		name    string
		stage   config.Stage
		environ []string
		value   func(config.Config) any
		want    string
		err     string
	}{
		{
			"a folder", config.StageCRUDApp,
			[]string{"TELLTALE_CRUDAPP_DSN_FILE=" + dir},
			nil, "", "`crudapp.dsn_file` in TELLTALE_CRUDAPP_DSN_FILE: read the secret: read " + dir + ": is a directory",
		},
		{
			"properties, some of them in a file", config.StageTranslator,
			append(translator, "TELLTALE_KAFKA_PROPERTIES_FILE="+properties, "TELLTALE_KAFKA_PROPERTIES=security.protocol=SASL_SSL"),
			func(c config.Config) any { return strings.Join(c.Kafka.Properties, "|") },
			"security.protocol=SASL_SSL|sasl.username = telltale|sasl.password=a=b #c", "",
		},
		{
			"a property in both", config.StageTranslator,
			append(translator, "TELLTALE_KAFKA_PROPERTIES_FILE="+properties, "TELLTALE_KAFKA_PROPERTIES=sasl.password=x"),
			nil, "", "`kafka.properties` in " + properties + " line 4: sasl.password is set in TELLTALE_KAFKA_PROPERTIES too; keep one",
		},
		{
			"a line that is no property", config.StageTranslator,
			append(translator, "TELLTALE_KAFKA_PROPERTIES_FILE="+broken),
			nil, "", "`kafka.properties[1]` in " + broken + " line 2: the property is not key=value",
		},
		{
			"a secret alone, twice", config.StageTranslator,
			append(translator, "TELLTALE_KAFKA_PROPERTIES_FILE="+twice),
			nil, "", "`kafka.properties[0]` in " + twice + " line 1: the property is not key=value\n" +
				"`kafka.properties[1]` in " + twice + " line 2: the property is not key=value",
		},
		{
			"no file of properties", config.StageTranslator,
			append(translator, "TELLTALE_KAFKA_PROPERTIES_FILE="+absent),
			nil, "", "`kafka.properties_file` in TELLTALE_KAFKA_PROPERTIES_FILE: read the secret: open " + absent + ": no such file or directory",
		},
		{
			"line end trimmed", config.StageCRUDApp,
			[]string{"TELLTALE_CRUDAPP_DSN_FILE=" + secret},
			func(c config.Config) any { return c.CRUDApp.DSN }, "shop:se\ncret@tcp(db:3306)/shop", "",
		},
		{
			"password with spaces", config.StageConsumers,
			[]string{
				"TELLTALE_KAFKA_BROKERS=k:1", "TELLTALE_CONSUMERS_DATABASE_DSN=m:p@tcp(db:3306)/m", "TELLTALE_CONSUMERS_SMTP_ADDR=m:25",
				"TELLTALE_CONSUMERS_SMTP_FROM=a@b.c", "TELLTALE_CONSUMERS_SMTP_USERNAME=a", "TELLTALE_CONSUMERS_SMTP_PASSWORD_FILE=" + password,
			},
			func(c config.Config) any { return c.Consumers.SMTP.Password }, " 0123 ", "",
		},
		{
			"both set", config.StageCRUDApp,
			[]string{"TELLTALE_CRUDAPP_DSN_FILE=" + secret, "TELLTALE_CRUDAPP_DSN=a:b@/c"},
			nil, "", "`crudapp.dsn` in TELLTALE_CRUDAPP_DSN and `crudapp.dsn_file` in TELLTALE_CRUDAPP_DSN_FILE are both set; keep one",
		},
		{
			"empty file", config.StageCRUDApp,
			[]string{"TELLTALE_CRUDAPP_DSN_FILE=" + empty},
			nil, "", "`crudapp.dsn_file` in TELLTALE_CRUDAPP_DSN_FILE: " + empty + " is empty",
		},
		{
			"no such file", config.StageCRUDApp,
			[]string{"TELLTALE_CRUDAPP_DSN_FILE=" + absent},
			nil, "", "`crudapp.dsn_file` in TELLTALE_CRUDAPP_DSN_FILE: read the secret: open " + absent + ": no such file or directory",
		},
		{
			"another stage's file is left alone", config.StageCRUDApp,
			[]string{"TELLTALE_CRUDAPP_DSN=a:b@/c", "TELLTALE_SOURCE_DSN_FILE=" + absent},
			func(c config.Config) any { return c.Source.DSN }, "", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(config.Options{
				File: "testdata/empty.good.yaml", Environ: tt.environ, Stages: []config.Stage{tt.stage},
			})
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Fatalf("error\n got %v\nwant %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.value(got.Config); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestStagesNeedTheirShare gives nothing: each stage names what it lacks and
// nothing that only others need.
func TestStagesNeedTheirShare(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options config.Options
		want    []string
	}{
		{"binlog", config.Options{Stages: []config.Stage{config.StageBinlog}}, []string{"source.name", "source.dsn", "source.tables", "kafka.brokers"}},
		{"translator", config.Options{Stages: []config.Stage{config.StageTranslator}}, []string{"source.name", "kafka.brokers"}},
		{
			"consumers",
			config.Options{Stages: []config.Stage{config.StageConsumers}},
			[]string{"kafka.brokers", "consumers.database.dsn", "consumers.smtp.addr", "consumers.smtp.from"},
		},
		{
			"consumers without mail", config.Options{
				Stages: []config.Stage{config.StageConsumers}, NoMail: true,
				Environ: []string{"TELLTALE_CONSUMERS_SMTP_PASSWORD_FILE=testdata/absent"},
			}, []string{"kafka.brokers", "consumers.database.dsn"},
		},
		{"crudapp", config.Options{Stages: []config.Stage{config.StageCRUDApp}}, []string{"crudapp.dsn"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.options.File = "testdata/empty.good.yaml"
			_, err := config.Load(tt.options)
			problems, _ := err.(config.Problems)
			var got []string
			for _, p := range problems {
				got = append(got, strings.Split(p, "`")[1])
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("keys reported as missing: got %v, want %v", got, tt.want)
			}
		})
	}
}

func write(t *testing.T, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
