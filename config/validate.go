package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"telltale/internal/claimurl"
	"telltale/internal/nearest"
)

// sourceName is narrow because topics, transactional ids and metrics carry it.
var sourceName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// countryForm is that of ISO 3166-1 alpha-2.
var countryForm = regexp.MustCompile(`^[A-Z]{2}$`)

// maxUnpaidHours is a year.
const maxUnpaidHours = 365 * 24

// validate checks what the stages need and nothing else.
func (l loader) validate(o Options) {
	if len(o.Stages) == 0 {
		return
	}
	runs := func(any ...Stage) bool {
		return slices.ContainsFunc(o.Stages, func(s Stage) bool { return slices.Contains(any, s) })
	}
	if runs(StageBinlog, StageTranslator) {
		l.sourceName()
	}
	if runs(StageBinlog) {
		l.source()
	}
	if runs(StageBinlog, StageTranslator, StageConsumers) {
		l.kafka()
	}
	if runs(StageTranslator) {
		l.given("translator.rules", l.Translator.Rules)
	}
	if runs(StageConsumers) {
		l.dsn("consumers.database.dsn", l.Consumers.Database.DSN, true)
		l.tls("consumers.database.tls", l.Consumers.Database.TLS)
		if !o.NoMail {
			l.smtp()
		}
	}
	if runs(StageCRUDApp) {
		l.dsn("crudapp.dsn", l.CRUDApp.DSN, true)
		l.tls("crudapp.tls", l.CRUDApp.TLS)
		l.country()
		l.proxies()
		l.payments()
		l.unpaidHours()
		l.address("http.listen", l.HTTP.Listen)
	}
	if l.Ops.Listen != "" {
		l.address("ops.listen", l.Ops.Listen)
	}
	l.oneOf("log.level", l.Log.Level, []string{"debug", "info", "warn", "error"})
	l.oneOf("log.format", l.Log.Format, []string{"text", "json"})
}

func (l loader) sourceName() {
	if !l.given("source.name", l.Source.Name) {
		return
	}
	if !sourceName.MatchString(l.Source.Name) {
		l.wrong("source.name", "%q does not match [a-z][a-z0-9_-]*, which names of topics are made from", l.Source.Name)
	}
}

func (l loader) source() {
	l.dsn("source.dsn", l.Source.DSN, false)
	l.tls("source.tls", l.Source.TLS)
	if len(l.Source.Tables) == 0 {
		l.missing("source.tables", " (it names the tables to publish, for example [shop.*])")
	}
	l.patterns("source.tables", l.Source.Tables)
	l.patterns("source.exclude_tables", l.Source.ExcludeTables)
	l.columns()
	l.aggregates()
	l.messageKeys()
	l.oneOf("source.types", l.Source.Types, []string{"lossless", "debezium"})
	l.typeOptions()
	l.oneOf("source.format", l.Source.Format, []string{"json", "json-with-schema"}, "avro", "json-schema")
	if l.Source.PartialImages && l.Source.Format == "json-with-schema" {
		l.wrong("source.partial_images", "it needs source.format: json, since a record with a schema has all of its columns")
	}
	l.oneOf("source.snapshot", l.Source.Snapshot, []string{"never"}, "initial", "only", "when_needed")
	l.oneOf("source.oversize", l.Source.Oversize, []string{"stop", "claim-check", "dead-letter"})
	l.claimChecks()
	if l.Source.Format == "json-with-schema" && l.Source.Oversize != "stop" {
		l.wrong("source.oversize", "%s leaves the images of a row empty, which a schema does not allow; set source.oversize: stop or source.format: json", l.Source.Oversize)
	}
	if l.Source.MemoryMB < 120 {
		l.wrong("source.memory_mb", "%d MB are not enough to work in, want 120 at least", l.Source.MemoryMB)
	}
	l.oneOf("source.delivery", l.Source.Delivery, []string{"exactly-once", "at-least-once"})
}

// claimChecks checks where they go and never shows it: somebody may have put a
// secret into the URL.
func (l loader) claimChecks() {
	if l.Source.ClaimChecks == "" {
		if l.Source.Oversize == "claim-check" {
			l.missing("source.claim_checks", ", and source.oversize: claim-check needs it")
		}
		return
	}
	if _, err := claimurl.Parse(l.Source.ClaimChecks); err != nil {
		l.wrong("source.claim_checks", "%v", err)
	}
}

// typeOptions checks those that are set.
func (l loader) typeOptions() {
	o := l.Source.TypeOptions
	for _, one := range []struct {
		name, value string
		choices     []string
	}{
		{"decimal_handling_mode", o.DecimalHandlingMode, []string{"precise", "double", "string"}},
		{"time_precision_mode", o.TimePrecisionMode, []string{"adaptive_time_microseconds", "connect", "microseconds", "nanoseconds", "isostring"}},
		{"bigint_unsigned_handling_mode", o.BigintUnsignedHandlingMode, []string{"long", "precise"}},
		{"binary_handling_mode", o.BinaryHandlingMode, []string{"bytes", "base64", "base64-url-safe", "hex"}},
	} {
		if one.value == "" || slices.Contains(one.choices, one.value) {
			continue
		}
		guess := ""
		if near := nearest.Of(one.value, one.choices); near != "" {
			guess = "; did you mean " + near + "?"
		}
		l.wrong("source.type_options."+one.name, "%q is not allowed; set one of %s%s", one.value, strings.Join(one.choices, ", "), guess)
	}
}

func (l loader) patterns(key string, patterns []string) {
	for i, p := range patterns {
		if db, table, ok := strings.Cut(p, "."); !ok || db == "" || table == "" {
			l.wrong(item(key, i), "%q is no pattern db.table, for example shop.* or shop.customers", p)
		}
	}
}

func (l loader) columns() {
	for i, c := range l.Source.Columns {
		key := item("source.columns", i)
		if c.Match == "" {
			l.found.missing(key+".match", "`%s.match` in %v is not set", key, l.origins.of(key))
		} else if table, column, ok := strings.Cut(c.Match, "."); !ok || table == "" || column == "" {
			l.wrong(key+".match", "%q is no pattern db.table.column, for example *.password_hash", c.Match)
		}
		l.oneOf(key+".do", c.Do, []string{"deny"}, "hash", "mask", "truncate", "encrypt")
	}
}

func (l loader) kafka() {
	if l.given("kafka.brokers", l.Kafka.Brokers) {
		for broker := range strings.SplitSeq(l.Kafka.Brokers, ",") {
			_, addr, hasScheme := strings.Cut(broker, "://")
			if !hasScheme {
				addr = broker
			}
			l.peer("kafka.brokers", strings.TrimSpace(addr))
		}
	}
	if l.Kafka.Partitions < 1 {
		l.wrong("kafka.partitions", "%d is not a number of partitions, from 1", l.Kafka.Partitions)
	}
	if n := l.Kafka.ReplicationFactor; n < 1 && n != -1 {
		l.wrong("kafka.replication_factor", "%d is not a number of copies, from 1, or -1 for the cluster's default", n)
	}
	for i, p := range l.Kafka.Properties {
		if name, _, ok := strings.Cut(p, "="); !ok || strings.TrimSpace(name) == "" {
			l.wrong(item("kafka.properties", i), "the property is not key=value")
		}
	}
}

func (l loader) smtp() {
	s := l.Consumers.SMTP
	if l.given("consumers.smtp.addr", s.Addr) {
		l.peer("consumers.smtp.addr", s.Addr)
	}
	if l.given("consumers.smtp.from", s.From) {
		if _, err := mail.ParseAddress(s.From); err != nil {
			l.wrong("consumers.smtp.from", "%q is no mail address, for example Shop <shop@example.com>", s.From)
		}
	}
	if s.Username != "" && s.Password == "" {
		l.missing("consumers.smtp.password", ", and consumers.smtp.username needs it")
	}
	l.oneOf("consumers.smtp.tls", s.TLS, []string{"starttls", "tls", "none"})
	if s.Connections < 1 {
		l.wrong("consumers.smtp.connections", "%d is not a number of connections, from 1", s.Connections)
	}
}

// country checks the form alone; the shop knows which countries there are.
func (l loader) country() {
	if code := l.CRUDApp.Country; !countryForm.MatchString(code) {
		l.wrong("crudapp.country", "%q is no country's code, for example GB", code)
	}
}

func (l loader) proxies() {
	for i, p := range l.CRUDApp.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			l.wrong(item("crudapp.trusted_proxies", i), "%q is no network, for example 10.0.0.0/8", p)
		}
	}
}

func (l loader) payments() {
	if len(l.CRUDApp.Payments) == 0 {
		l.missing("crudapp.payments", " (it names the ways to pay, for example [transfer])")
	}
	for i, way := range l.CRUDApp.Payments {
		l.oneOf(item("crudapp.payments", i), way, []string{PayByTransfer, PayByTestCard})
	}
}

func (l loader) unpaidHours() {
	if hours := l.CRUDApp.UnpaidHours; hours < 0 || hours > maxUnpaidHours {
		l.wrong("crudapp.unpaid_hours", "%d is not a number of hours, from 0 (for ever) to %d", hours, maxUnpaidHours)
	}
}

// dsn checks a data source name and never shows it: what the driver says about a
// name that it cannot parse can hold the password.
func (l loader) dsn(key, value string, withDatabase bool) {
	if !l.given(key, value) {
		return
	}
	form := "user:password@tcp(host:3306)/"
	if withDatabase {
		form += "database"
	}
	cfg, err := mysql.ParseDSN(value)
	switch {
	case err != nil:
		l.wrong(key, "the value is not in go-sql-driver's form %s%s", form, harmless(err))
	case withDatabase && cfg.DBName == "":
		l.wrong(key, "the value names no database: %s", form)
	}
}

func (l loader) tls(key string, t TLS) {
	if t.Mode != "" {
		l.oneOf(key+".mode", t.Mode, []string{"verify_identity", "verify_ca", "required", "disabled"})
	}
}

// harmless returns what the driver says where that is one of its fixed sentences.
func harmless(err error) string {
	sentence, ok := strings.CutPrefix(err.Error(), "invalid DSN: ")
	if !ok {
		return ""
	}
	return ": " + sentence
}

// address checks where something listens; an empty host means every interface.
func (l loader) address(key, value string) {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		l.wrong(key, "%q is no address host:port", value)
	}
}

// peer checks where something else listens, which needs a host.
func (l loader) peer(key, value string) {
	if strings.HasPrefix(value, ":") {
		l.wrong(key, "%q names no host", value)
		return
	}
	l.address(key, value)
}

// oneOf checks a value against what is built, and names what is only planned.
func (l loader) oneOf(key, value string, built []string, planned ...string) {
	if slices.Contains(built, value) {
		return
	}
	if slices.Contains(planned, value) {
		l.wrong(key, "%s %s is not built yet; set %s: %s", words(key), value, key, built[0])
		return
	}
	l.wrong(key, "%q is not allowed; set %s: %s", value, key, strings.Join(built, " or "))
}

// words says what kind of thing a key chooses.
func words(key string) string {
	switch key {
	case "source.snapshot":
		return "snapshot mode"
	case "source.format":
		return "format"
	}
	return "column action"
}

// given reports a key without a value.
func (l loader) given(key, value string) bool {
	if value == "" {
		l.missing(key, "")
	}
	return value != ""
}

// missing names the ways to set a key.
func (l loader) missing(key, hint string) {
	f, what, file := leaf(key), "it", l.file
	if f.secret != "" && f.secret != claimsKind {
		what += ", or " + key + fileSuffix + ","
	}
	if file == "" {
		file = DefaultFile
	}
	l.found.missing(key, "`%s` is not set%s; set %s in %s, as %s or as --%s", key, hint, what, file, f.env(), f.flag())
}

// wrong reports a value that is not allowed.
func (l loader) wrong(key, format string, args ...any) {
	l.found.add("`%s` in %v: %s", key, l.origins.of(key), fmt.Sprintf(format, args...))
}

// item is the key of one entry of a list.
func item(key string, i int) string { return fmt.Sprintf("%s[%d]", key, i) }
