package config_test

import (
	"bytes"
	"strings"
	"testing"

	"telltale/config"
)

func TestPrint(t *testing.T) {
	t.Parallel()
	e, err := config.Load(config.Options{
		File: "testdata/full.good.yaml",
		Environ: []string{
			"TELLTALE_KAFKA_BROKERS=broker:9092",
			"TELLTALE_CRUDAPP_DSN=shop:/@pass@word:@unix(/run/mysqld.sock)/shop?parseTime=true",
			"TELLTALE_SOURCE_TABLES=shop.a,shop.b",
		},
		Flags: parsed(t, "--log-level=warn", "--consumers-smtp-username=true"),
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/full.print.txt", printed(t, e))
}

func TestPrintHidesSecrets(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	tests := []struct{ name, entry string }{
		{"password", "TELLTALE_SOURCE_DSN=u:hunter2@tcp(h:1)/"},
		{"password with at sign and slash", "TELLTALE_SOURCE_DSN=u:x@hunter2/@y@tcp(h:1)/"},
		{"unreadable dsn", "TELLTALE_SOURCE_DSN=u:hunter2/db"},
		{"smtp password", "TELLTALE_CONSUMERS_SMTP_PASSWORD=hunter2"},
		{"sasl password", "TELLTALE_KAFKA_PROPERTIES=a=b,sasl.password=hunter2"},
		{"key password in capitals", "TELLTALE_KAFKA_PROPERTIES=SSL.KEY.PASSWORD=hunter2"},
		{"private key", "TELLTALE_KAFKA_PROPERTIES=ssl.key.pem=hunter2"},
		{"certificate store", "TELLTALE_KAFKA_PROPERTIES=ssl.keystore.password=hunter2"},
		{"login module", "TELLTALE_KAFKA_PROPERTIES=sasl.jaas.config=hunter2"},
		{"token", "TELLTALE_KAFKA_PROPERTIES=sasl.oauthbearer.config=secret=hunter2"},
		{"proxy with an account", "TELLTALE_KAFKA_PROPERTIES=https.proxy=http://u:hunter2@proxy:3128"},
		{"property without equals sign", "TELLTALE_KAFKA_PROPERTIES=sasl.password hunter2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := config.Load(config.Options{File: "testdata/empty.good.yaml", Environ: []string{tt.entry}})
			if err != nil {
				t.Fatal(err)
			}
			got := printed(t, e)
			if strings.Contains(got, secret) || !strings.Contains(got, "***") {
				t.Errorf("want *** in place of the secret in\n%s", got)
			}
		})
	}
}

// TestPrintNamesSecretFiles prints without reading the file, so that it works where
// the secret is not mounted.
func TestPrintNamesSecretFiles(t *testing.T) {
	t.Parallel()
	e, err := config.Load(config.Options{
		File: "testdata/empty.good.yaml", Environ: []string{"TELLTALE_SOURCE_DSN_FILE=/run/secrets/dsn"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := printed(t, e)
	for _, want := range []string{
		"  dsn: '***' # source.dsn_file, environment TELLTALE_SOURCE_DSN_FILE\n",
		"  dsn_file: /run/secrets/dsn # environment TELLTALE_SOURCE_DSN_FILE\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
}

// TestPrintReadsBack holds for all values but secrets.
func TestPrintReadsBack(t *testing.T) {
	t.Parallel()
	first, err := config.Load(config.Options{File: "testdata/full.good.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, t.TempDir()+"/printed.yaml", printed(t, first))
	second, err := config.Load(config.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(printed(t, second), file, "testdata/full.good.yaml")
	if uncommented(got) != uncommented(printed(t, first)) {
		t.Errorf("read back\n%s\nwant\n%s", got, printed(t, first))
	}
}

func printed(t *testing.T, e config.Effective) string {
	t.Helper()
	var b bytes.Buffer
	if err := e.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func uncommented(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		value, _, _ := strings.Cut(line, " # ")
		b.WriteString(strings.TrimSpace(value) + "\n")
	}
	return b.String()
}
