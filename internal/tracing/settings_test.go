package tracing

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExporter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		env  map[string]string
		want string
		err  string
	}{
		{"nothing is set", nil, exporterNone, ""},
		{"other settings alone", map[string]string{"OTEL_SERVICE_NAME": "x", "OTEL_TRACES_SAMPLER": "always_on"}, exporterNone, ""},
		{"an exporter", map[string]string{varExporter: " otlp "}, exporterOTLP, ""},
		{"the console", map[string]string{varExporter: "console"}, exporterConsole, ""},
		{"an endpoint", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, exporterOTLP, ""},
		{"an endpoint for traces", map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, exporterOTLP, ""},
		{"none wins over an endpoint", map[string]string{varExporter: "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost"}, exporterNone, ""},
		{"disabled wins over all", map[string]string{varDisabled: "TRUE", varExporter: "otlp"}, exporterNone, ""},
		{"disabled by something else", map[string]string{varDisabled: "yes"}, "", `OTEL_SDK_DISABLED: "yes": want true or false`},
		{"an exporter that is not known", map[string]string{varExporter: "zipkin"}, "", `OTEL_TRACES_EXPORTER: "zipkin" is not supported; use one of none, otlp, console`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := fixed(test.env).exporter()
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("exporter %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	notPEM := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(notPEM, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	const secret = "hunter2"
	for name, test := range map[string]struct {
		env map[string]string
		err string
	}{
		"nothing": {},
		"all is well": {env: map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
			"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20" + secret + ",x=", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
			"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "5000", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25",
			"OTEL_PROPAGATORS": "tracecontext,baggage", "OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_SCHEDULE_DELAY": "0",
		}},
		"the argument of a sampler that has none": {env: map[string]string{"OTEL_TRACES_SAMPLER": "always_on", "OTEL_TRACES_SAMPLER_ARG": "x"}},
		"sampler":                 {map[string]string{"OTEL_TRACES_SAMPLER": "often"}, `OTEL_TRACES_SAMPLER: "often" is not supported`},
		"ratio":                   {map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "10%"}, `want a number from 0 to 1`},
		"ratio beyond 1":          {map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"}, `want a number from 0 to 1`},
		"ratio that is no number": {map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "NaN"}, `want a number from 0 to 1`},
		"propagators":             {map[string]string{"OTEL_PROPAGATORS": "b3"}, `OTEL_PROPAGATORS: "b3": the stages hand on tracecontext alone`},
		"queue":                   {map[string]string{"OTEL_BSP_MAX_QUEUE_SIZE": "0"}, `want a whole number, at least 1`},
		"protocol":                {map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, `"grpc" is not supported; use one of http/protobuf, http/json`},
		"endpoint without scheme": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "user:" + secret + "@collector:4318"}, `want the address of a collector`},
		"headers":                 {map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": secret}, `want name=value pairs`},
		"headers, not encoded":    {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x=" + secret + "%"}, `OTEL_EXPORTER_OTLP_TRACES_HEADERS: want name=value pairs`},
		"insecure":                {map[string]string{"OTEL_EXPORTER_OTLP_INSECURE": "1"}, `OTEL_EXPORTER_OTLP_INSECURE: "1": want true or false`},
		"compression":             {map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"}, `"zstd" is not supported`},
		"timeout":                 {map[string]string{"OTEL_EXPORTER_OTLP_TIMEOUT": "10s"}, `OTEL_EXPORTER_OTLP_TIMEOUT: "10s": want a whole number`},
		"no such certificate":     {map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": filepath.Join(dir, "none")}, `no such file`},
		"no certificate":          {map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": notPEM}, `holds no certificate`},
		"a client key alone":      {map[string]string{"OTEL_EXPORTER_OTLP_CLIENT_KEY": notPEM}, `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fixed(test.env).validate(exporterOTLP)
			switch {
			case test.err == "" && err != nil:
				t.Errorf("error %v, want none", err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("error %v, want %s", err, test.err)
			case err != nil && strings.Contains(err.Error(), secret):
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
	if err := fixed(map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}).validate(exporterConsole); err != nil {
		t.Errorf("the console minds how a collector is spoken to: %v", err)
	}
}

func fixed(values map[string]string) environment {
	return func(name string) string { return values[name] }
}
