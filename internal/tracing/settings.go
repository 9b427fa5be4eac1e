package tracing

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// What OTEL_TRACES_EXPORTER can say.
const (
	exporterNone    = "none"
	exporterOTLP    = "otlp"
	exporterConsole = "console"
)

const (
	varDisabled = "OTEL_SDK_DISABLED"
	varExporter = "OTEL_TRACES_EXPORTER"
	varSampler  = "OTEL_TRACES_SAMPLER"
)

// otlp are the names of an OTLP setting, the one for traces alone first.
func otlp(setting string) []string {
	return []string{"OTEL_EXPORTER_OTLP_TRACES_" + setting, "OTEL_EXPORTER_OTLP_" + setting}
}

// environment reads variables. The SDK reads most of the same ones by itself,
// but takes what it does not understand for absent.
type environment func(name string) string

func (e environment) get(name string) string { return strings.TrimSpace(e(name)) }

// exporter says where spans go. They go nowhere unless an exporter or a
// collector is named; OpenTelemetry's own default is a collector on this host.
func (e environment) exporter() (string, error) {
	if err := e.check([]string{varDisabled}, isBool); err != nil {
		return "", err
	}
	if strings.EqualFold(e.get(varDisabled), "true") {
		return exporterNone, nil
	}
	err := e.check([]string{varExporter}, oneOf(exporterNone, exporterOTLP, exporterConsole))
	if name := e.get(varExporter); name != "" || err != nil {
		return name, err
	}
	if slices.ContainsFunc(otlp("ENDPOINT"), func(name string) bool { return e.get(name) != "" }) {
		return exporterOTLP, nil
	}
	return exporterNone, nil
}

// validate checks the variables that the SDK will read for this exporter.
func (e environment) validate(exporter string) error {
	errs := []error{
		e.check([]string{varSampler}, oneOf("always_on", "always_off", "traceidratio",
			"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio")),
		e.check([]string{"OTEL_PROPAGATORS"}, namesTraceContext),
		e.check([]string{"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT"}, isCount(0)),
		e.check([]string{"OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"}, isCount(1)),
	}
	if strings.HasSuffix(e.get(varSampler), "traceidratio") {
		errs = append(errs, e.check([]string{"OTEL_TRACES_SAMPLER_ARG"}, isRatio))
	}
	if exporter == exporterOTLP {
		errs = append(
			errs,
			e.check(otlp("ENDPOINT"), isCollector),
			e.check(otlp("PROTOCOL"), oneOf("http/protobuf", "http/json")),
			e.check(otlp("INSECURE"), isBool),
			e.check(otlp("HEADERS"), isHeaders),
			e.check(otlp("COMPRESSION"), oneOf("gzip", "none")),
			e.check(otlp("TIMEOUT"), isCount(0)),
			e.check(otlp("CERTIFICATE"), isCertificates),
			e.checkClientCertificates(),
		)
	}
	return errors.Join(errs...)
}

// check applies one check to each of the variables that is set. What check
// returns says what is wanted; it holds no value that may be a secret (I12).
func (e environment) check(names []string, check func(value string) error) error {
	for _, name := range names {
		if value := e.get(name); value != "" {
			if err := check(value); err != nil {
				return fmt.Errorf("environment variable %s: %w", name, err)
			}
		}
	}
	return nil
}

func (e environment) checkClientCertificates() error {
	certificates, keys := otlp("CLIENT_CERTIFICATE"), otlp("CLIENT_KEY")
	for i := range certificates {
		certificate, key := e.get(certificates[i]), e.get(keys[i])
		if certificate == "" && key == "" {
			continue
		}
		if _, err := tls.LoadX509KeyPair(certificate, key); err != nil {
			return fmt.Errorf("environment variables %s and %s: %w", certificates[i], keys[i], err)
		}
	}
	return nil
}

func oneOf(values ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(values, value) {
			return nil
		}
		return fmt.Errorf("%q is not supported; use one of %s", value, strings.Join(values, ", "))
	}
}

func isBool(value string) error {
	if strings.EqualFold(value, "true") || strings.EqualFold(value, "false") {
		return nil
	}
	return fmt.Errorf("%q: want true or false", value)
}

func isCount(least int) func(string) error {
	return func(value string) error {
		if n, err := strconv.Atoi(value); err != nil || n < least {
			return fmt.Errorf("%q: want a whole number, at least %d", value, least)
		}
		return nil
	}
}

func isRatio(value string) error {
	if f, err := strconv.ParseFloat(value, 64); err != nil || !(f >= 0 && f <= 1) {
		return fmt.Errorf("%q: want a number from 0 to 1", value)
	}
	return nil
}

// namesTraceContext refuses a list without the one format that the stages know.
func namesTraceContext(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(name) == "tracecontext" {
			return nil
		}
	}
	return fmt.Errorf("%q: the stages hand on tracecontext alone, so it must be in the list", value)
}

func isCollector(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("want the address of a collector, for example http://127.0.0.1:4318")
	}
	return nil
}

func isHeaders(value string) error {
	for pair := range strings.SplitSeq(value, ",") {
		name, v, ok := strings.Cut(pair, "=")
		if _, err := url.PathUnescape(v); !ok || strings.TrimSpace(name) == "" || err != nil {
			return errors.New("want name=value pairs with commas in between, values percent-encoded")
		}
	}
	return nil
}

func isCertificates(file string) error {
	pem, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return nil
}
