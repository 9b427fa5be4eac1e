// Package config holds everything that a person can set: one struct, its
// defaults, and strict loading from a file, the environment and flags.
//
// A value is looked up in this order: flag, environment variable, file, default.
// The key source.dsn_file of the file is --source-dsn-file as a flag and
// TELLTALE_SOURCE_DSN_FILE in the environment. What is unknown, of the wrong type
// or outside the allowed values is an error, and all errors are reported at once.
package config

import (
	"slices"
	"strings"
)

// Config is the whole configuration. Each field's tag mapstructure is its key in
// the file, help its flag's usage, and secret says which part of the value must
// never be shown: see mask.
type Config struct {
	// Source is the database that the binlog stage reads.
	Source Source `mapstructure:"source"`
	// Kafka is the cluster that all stages but crudapp meet on.
	Kafka Kafka `mapstructure:"kafka"`
	// Translator turns row changes into business events.
	Translator Translator `mapstructure:"translator"`
	// Consumers react to business events.
	Consumers Consumers `mapstructure:"consumers"`
	// CRUDApp is the shop that comes with Telltale.
	CRUDApp CRUDApp `mapstructure:"crudapp"`
	// HTTP is where pages for people are served.
	HTTP HTTP `mapstructure:"http"`
	// Ops is where metrics and health are served.
	Ops Ops `mapstructure:"ops"`
	// Log says what is logged and how.
	Log Log `mapstructure:"log"`
}

// Source says which MySQL server and tables are read, and how their rows are
// published.
type Source struct {
	// Name names the raw topics, the position and the lease; a new name is a new
	// source that starts afresh. It must match [a-z][a-z0-9_-]* and has no default.
	Name string `mapstructure:"name" help:"name of the source; names its topics, position and lease"`
	// DSN is the server in go-sql-driver's form, user:password@tcp(host:3306)/. No
	// default; either it or DSNFile is needed.
	DSN string `mapstructure:"dsn" secret:"dsn" help:"MySQL server to read, user:password@tcp(host:3306)/"`
	// DSNFile is a file that holds the DSN, for secrets mounted as files. Empty
	// means that DSN is used.
	DSNFile string `mapstructure:"dsn_file" help:"file that holds source.dsn"`
	// TLS is how connections to the server are encrypted.
	TLS TLS `mapstructure:"tls"`
	// Tables are the tables to publish, as patterns db.table in which * stands for
	// any characters. At least one is needed.
	Tables []string `mapstructure:"tables" help:"tables to publish, as patterns db.table"`
	// ExcludeTables are patterns of tables that are left out although Tables
	// matches them. Default: none.
	ExcludeTables []string `mapstructure:"exclude_tables" help:"tables to leave out, as patterns db.table"`
	// Columns are rules for columns that must not be published as they are; the
	// first that matches a column decides. Default: none.
	Columns []ColumnRule `mapstructure:"columns"`
	// Aggregates route the changes of several tables into one topic, keyed by the
	// row that they belong to, so that they keep one order. Default: none; each
	// table has a topic of its own.
	Aggregates []Aggregate `mapstructure:"aggregates"`
	// MessageKeyColumns key the records of tables by other columns than those of
	// the primary key, as Debezium's message.key.columns does: their changes keep
	// their order by these. Default: none.
	MessageKeyColumns []MessageKey `mapstructure:"message_key_columns"`
	// Types says how MySQL's values are written: lossless, the default, or debezium,
	// value for value what Debezium's connector writes.
	Types string `mapstructure:"types" help:"how values are written: lossless or debezium"`
	// TypeOptions are single choices beside Types.
	TypeOptions TypeOptions `mapstructure:"type_options"`
	// Format says how a change is serialised: json, the default, or
	// json-with-schema, in which every record says its own schema, as Kafka
	// Connect's JsonConverter writes and needs it.
	Format string `mapstructure:"format" help:"how changes are serialised: json or json-with-schema"`
	// TransactionTopic has the begin and the end of each transaction published to
	// the topic <name>.transaction, as Debezium's provide.transaction.metadata
	// does. Default false.
	TransactionTopic bool `mapstructure:"transaction_topic" help:"publish where transactions begin and end to <source.name>.transaction"`
	// TombstonesOnDelete has a delete followed by a record with the same key and
	// no value, which lets Kafka compact the key away. Default true. Topics of
	// aggregates have none.
	TombstonesOnDelete bool `mapstructure:"tombstones_on_delete" help:"whether a tombstone follows a delete"`
	// Truncates has a TRUNCATE published as a record of op t without a key, as
	// Debezium does with skipped.operations=none. Default false: it is counted and
	// logged.
	Truncates bool `mapstructure:"truncates" help:"publish TRUNCATE as records of op t"`
	// PartialImages accepts a server whose binlog_row_image is MINIMAL or NOBLOB. The
	// columns that it leaves out are absent from the images then, and a rule that
	// asks for one fails. Default false: the server must log whole rows.
	PartialImages bool `mapstructure:"partial_images" help:"accept a binlog_row_image other than FULL; columns are absent then"`
	// Snapshot says whether rows that were there before the reader are published:
	// never, the default, publishes only what the binlog tells from now on.
	Snapshot string `mapstructure:"snapshot" help:"whether existing rows are published: never"`
	// Delivery is exactly-once, the default: a transaction and the position behind
	// it are published in one Kafka transaction. With at-least-once readers see a
	// change as soon as the brokers have it, and the position follows within about
	// a second: after a crash the changes behind it are published again, with the
	// same ids.
	Delivery string `mapstructure:"delivery" help:"delivery to Kafka: exactly-once or at-least-once"`
	// Oversize says what happens to a record that is larger than its topic takes:
	// stop, the default, ends the reader by name; claim-check keeps the record in
	// ClaimChecks and publishes where it is; dead-letter puts it into the topic
	// <name>.dead-letters.
	Oversize string `mapstructure:"oversize" help:"records larger than their topic takes: stop, claim-check or dead-letter"`
	// ClaimChecks is where claim-check keeps records, which whoever reads the topics
	// must reach too: a directory, or s3://bucket/prefix?endpoint=…&region=… for a
	// bucket of Amazon's or, with endpoint (http or https, host and port), of another
	// server that speaks S3. Credentials come from the environment
	// (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), a file (AWS_SHARED_CREDENTIALS_FILE)
	// or the machine's role, and have no place in the URL. No default.
	ClaimChecks string `mapstructure:"claim_checks" secret:"claims" help:"directory, or s3://bucket/prefix?endpoint=…&region=…, for records larger than their topic takes"`
	// MemoryMB is how much memory the reader works in, in MB, beside what a single
	// row of more than 1 MB needs. Default 150, at least 120.
	MemoryMB int `mapstructure:"memory_mb" help:"memory that the reader works in, in MB"`
	// ServerID is the replication id under which the reader connects, which no
	// other replica of the server may use. Zero, the default, derives one from Name.
	ServerID uint32 `mapstructure:"server_id" help:"replication server id; 0 derives one from source.name"`
}

// TypeOptions are single choices of how values are written, each by the name of
// Debezium's option with underscores for dots. An empty one, which is the default
// of those that are text, is what Source.Types has: with debezium the first that
// is named here.
type TypeOptions struct {
	// DecimalHandlingMode is for DECIMAL: precise, double or string.
	DecimalHandlingMode string `mapstructure:"decimal_handling_mode" help:"how DECIMAL is written: precise, double or string; empty follows source.types"`
	// TimePrecisionMode is for DATE, TIME and DATETIME: adaptive_time_microseconds,
	// connect, microseconds, nanoseconds or isostring.
	TimePrecisionMode string `mapstructure:"time_precision_mode" help:"how DATE, TIME and DATETIME are written: adaptive_time_microseconds, connect, microseconds, nanoseconds or isostring; empty follows source.types"`
	// BigintUnsignedHandlingMode is for BIGINT UNSIGNED: long or precise.
	BigintUnsignedHandlingMode string `mapstructure:"bigint_unsigned_handling_mode" help:"how BIGINT UNSIGNED is written: long or precise; empty follows source.types"`
	// BinaryHandlingMode is for BINARY and BLOB: bytes, base64, base64-url-safe or
	// hex.
	BinaryHandlingMode string `mapstructure:"binary_handling_mode" help:"how BINARY and BLOB are written: bytes, base64, base64-url-safe or hex; empty follows source.types"`
	// EnableTimeAdjuster takes the years 0 to 69 for 2000 to 2069 and 70 to 99 for
	// 1970 to 1999, as Debezium does. It has no effect on the lossless form. Default
	// true.
	EnableTimeAdjuster bool `mapstructure:"enable_time_adjuster" help:"whether the years 0 to 99 become 1970 to 2069 in Debezium's forms"`
}

// TLS is how connections to a MySQL server are encrypted, and how far the server
// is trusted.
type TLS struct {
	// Mode is verify_identity: the server's certificate must be signed by a trusted
	// authority and be for the DSN's host; verify_ca: for any host; required: any
	// certificate will do; or disabled. Empty, the default, is verify_identity, and
	// disabled where the server is on this machine and no file is given. A
	// parameter tls in the DSN (true, skip-verify or false) stands for
	// verify_identity, required and disabled.
	Mode string `mapstructure:"mode" help:"TLS to the server: verify_identity, verify_ca, required or disabled; empty verifies other machines"`
	// CAFile holds the authorities to trust, in PEM. Empty, the default, trusts
	// those of the system.
	CAFile string `mapstructure:"ca_file" help:"file of the authorities to trust, in PEM; empty trusts the system's"`
	// CertFile holds the client's own certificate, in PEM, for accounts that REQUIRE
	// X509. Default: none.
	CertFile string `mapstructure:"cert_file" help:"file of the client's certificate, in PEM"`
	// KeyFile holds the key of CertFile, in PEM.
	KeyFile string `mapstructure:"key_file" help:"file of the client certificate's key, in PEM"`
}

// ColumnRule says what happens to the values of some columns.
type ColumnRule struct {
	// Match is a pattern of db.table.column in which * stands for any characters,
	// dots included: "*.password_hash".
	Match string `mapstructure:"match"`
	// Do is deny: the column appears nowhere that the reader writes.
	Do string `mapstructure:"do"`
}

// Aggregate is some tables whose changes go to one topic,
// <source.name>.<aggregate>.
type Aggregate struct {
	// Name is the topic's last part. It must match [A-Za-z0-9_-]{1,100}.
	Name string `mapstructure:"name"`
	// Tables are the aggregate's. The first is the root's: the name of its key
	// column is the name in every record key.
	Tables []AggregateTable `mapstructure:"tables"`
}

// AggregateTable is a table of an aggregate. A table is in one at most.
type AggregateTable struct {
	// Table is db.table, without patterns. source.tables must match it.
	Table string `mapstructure:"table"`
	// Key is the column that holds the root's key: its own in the root's table, the
	// reference to it in the others. It must not be null.
	Key string `mapstructure:"key"`
}

// MessageKey is the record key of a table that is in no aggregate.
type MessageKey struct {
	// Table is db.table, without patterns. source.tables must match it.
	Table string `mapstructure:"table"`
	// Columns are the key's, in its order.
	Columns []string `mapstructure:"columns"`
}

// Kafka is the cluster and how topics on it are made.
type Kafka struct {
	// Brokers are the first brokers to ask, host:port, comma-separated. No default.
	Brokers string `mapstructure:"brokers" help:"first brokers to ask, host:port, comma-separated"`
	// Partitions is how many partitions a topic gets that a stage creates, where
	// its meaning does not demand one. Default 6. A topic's count is not changed
	// afterwards.
	Partitions int `mapstructure:"partitions" help:"partitions of topics that are created"`
	// ReplicationFactor is how many brokers hold each partition of a topic that a
	// stage creates. -1, the default, leaves it to the cluster's
	// default.replication.factor.
	ReplicationFactor int `mapstructure:"replication_factor" help:"copies of topics that are created; -1 is the cluster's default"`
	// CreateTopics lets the stages create what they have never written. Default
	// true; false makes a missing topic an error that prints the command.
	CreateTopics bool `mapstructure:"create_topics" help:"create topics that are missing"`
	// Properties are librdkafka's settings, key=value, which win over those that
	// the stages choose. Default: none.
	Properties []string `mapstructure:"properties" secret:"properties" help:"librdkafka settings, key=value"`
	// PropertiesFile is a file of further Properties, one a line, for secrets
	// mounted as files; empty lines and those that begin with # are passed over.
	// Empty, the default, means that there are none.
	PropertiesFile string `mapstructure:"properties_file" help:"file of further librdkafka settings, one key=value a line"`
}

// Translator says which rules are applied.
type Translator struct {
	// Rules is the directory of the rule files, *.yaml. Default config/rules.
	Rules string `mapstructure:"rules" help:"directory of the rule files"`
	// Group is the Kafka consumer group, which owns the offsets and the parked
	// records. Empty, the default, means <source.name>-translator.
	Group string `mapstructure:"group" help:"Kafka consumer group; empty is <source.name>-translator"`
}

// Consumers is what consumers need for their effects.
type Consumers struct {
	// Database keeps the consumers' offsets and their own tables.
	Database Database `mapstructure:"database"`
	// SMTP is how mailer and security send.
	SMTP SMTP `mapstructure:"smtp"`
}

// Database is a MySQL database that belongs to consumers.
type Database struct {
	// DSN is the database in go-sql-driver's form, user:password@tcp(host:3306)/name.
	// No default; either it or DSNFile is needed.
	DSN string `mapstructure:"dsn" secret:"dsn" help:"consumers' MySQL database, user:password@tcp(host:3306)/name"`
	// DSNFile is a file that holds the DSN. Empty means that DSN is used.
	DSNFile string `mapstructure:"dsn_file" help:"file that holds consumers.database.dsn"`
	// TLS is how connections to the server are encrypted.
	TLS TLS `mapstructure:"tls"`
}

// SMTP is a mail server that takes mail for others.
type SMTP struct {
	// Addr is the server, host:port. No default.
	Addr string `mapstructure:"addr" help:"mail server, host:port"`
	// From is the sender of every mail, as "Shop <shop@example.com>". No default.
	From string `mapstructure:"from" help:"sender of every mail"`
	// Username signs in to the server. Empty, the default, does not sign in.
	Username string `mapstructure:"username" help:"user name at the mail server"`
	// Password belongs to Username.
	Password string `mapstructure:"password" secret:"password" help:"password at the mail server"`
	// PasswordFile is a file that holds the password. Empty means that Password is
	// used.
	PasswordFile string `mapstructure:"password_file" help:"file that holds consumers.smtp.password"`
	// TLS is starttls, the default, which insists on STARTTLS; tls for a connection
	// that is encrypted from its first byte; or none.
	TLS string `mapstructure:"tls" help:"encryption to the mail server: starttls, tls or none"`
	// Connections is how many connections a consumer that mails has to the server
	// at most at a time, in each process. Default 8.
	Connections int `mapstructure:"connections" help:"connections of a consumer to the mail server at a time"`
}

// CRUDApp is the shop's own configuration.
type CRUDApp struct {
	// DSN is the shop's database in go-sql-driver's form,
	// user:password@tcp(host:3306)/shop. No default; either it or DSNFile is needed.
	DSN string `mapstructure:"dsn" secret:"dsn" help:"the shop's MySQL database, user:password@tcp(host:3306)/shop"`
	// DSNFile is a file that holds the DSN. Empty means that DSN is used.
	DSNFile string `mapstructure:"dsn_file" help:"file that holds crudapp.dsn"`
	// TLS is how connections to the server are encrypted.
	TLS TLS `mapstructure:"tls"`
	// InsecureCookies lets session cookies travel over plain HTTP, for development
	// without TLS. Default false.
	InsecureCookies bool `mapstructure:"insecure_cookies" help:"send session cookies over plain HTTP too"`
	// Country is the code (ISO 3166-1) of the shop's own country: of whoever registers
	// without saying another, and of older accounts without an address. Default GB.
	Country string `mapstructure:"country" help:"code of the shop's own country, for example GB"`
	// TrustedProxies are the networks of reverse proxies, as 10.0.0.0/8, whose
	// X-Forwarded-For is believed when sign-ins are counted. Default: none.
	TrustedProxies []string `mapstructure:"trusted_proxies" help:"networks of reverse proxies, as 10.0.0.0/8"`
	// Payments are the ways to pay that the shop takes: transfer, for money that staff
	// see on the account and record, and test-card, for test cards, which move no money
	// and are no way to run a shop. Default: transfer.
	Payments []string `mapstructure:"payments" help:"ways to pay: transfer, test-card (moves no money)"`
	// UnpaidHours is how many hours an order waits to be paid, and holds its goods,
	// before the shop cancels it by itself. Default 0: for as long as it takes, since a
	// transfer may take days.
	UnpaidHours int `mapstructure:"unpaid_hours" help:"hours that an order waits to be paid before the shop cancels it; 0 is for ever"`
}

// The values of crudapp.payments.
const (
	PayByTransfer = "transfer"
	PayByTestCard = "test-card"
)

// HTTP is the listener for people.
type HTTP struct {
	// Listen is the address, host:port. Default 127.0.0.1:8080.
	Listen string `mapstructure:"listen" help:"address of the pages, host:port"`
}

// Ops is the listener for operators: /metrics, /healthz and /readyz.
type Ops struct {
	// Listen is the address, host:port. The default depends on the command:
	// 127.0.0.1 with port 9101 for crudapp, 9102 for binlog, 9103 for translator,
	// 9104 for consumers and 9100 where several stages share a process. Empty
	// serves nothing.
	Listen string `mapstructure:"listen" help:"address of metrics and health, host:port; empty serves none"`
}

// Log says what is logged to standard error.
type Log struct {
	// Level is the least that is logged: debug, info (the default), warn or error.
	Level string `mapstructure:"level" help:"least that is logged: debug, info, warn or error"`
	// Format is text, the default, or json.
	Format string `mapstructure:"format" help:"log format: text or json"`
}

// Stage is a part of Telltale that needs its own share of the configuration.
type Stage string

// The stages, named as their commands.
const (
	StageBinlog     Stage = "binlog"
	StageTranslator Stage = "translator"
	StageConsumers  Stage = "consumers"
	StageCRUDApp    Stage = "crudapp"
)

// Default returns the configuration of a process that runs the given stages before
// anything is set. Only ops.listen depends on them.
func Default(stages ...Stage) Config {
	return Config{
		Source:     Source{Types: "lossless", TypeOptions: TypeOptions{EnableTimeAdjuster: true}, Format: "json", TombstonesOnDelete: true, Snapshot: "never", Delivery: "exactly-once", Oversize: "stop", MemoryMB: 150},
		Kafka:      Kafka{Partitions: 6, ReplicationFactor: -1, CreateTopics: true},
		Translator: Translator{Rules: "config/rules"},
		Consumers:  Consumers{SMTP: SMTP{TLS: "starttls", Connections: 8}},
		CRUDApp:    CRUDApp{Country: "GB", Payments: []string{PayByTransfer}},
		HTTP:       HTTP{Listen: "127.0.0.1:8080"},
		Ops:        Ops{Listen: opsListen(stages)},
		Log:        Log{Level: "info", Format: "text"},
	}
}

// opsKey is the one key whose default depends on the command.
const opsKey = "ops.listen"

// opsListen gives each stage a port of its own, so that all of them can run on one
// machine as they are.
func opsListen(stages []Stage) string {
	if len(stages) != 1 {
		return "127.0.0.1:9100"
	}
	switch stages[0] {
	case StageCRUDApp:
		return "127.0.0.1:9101"
	case StageBinlog:
		return "127.0.0.1:9102"
	case StageTranslator:
		return "127.0.0.1:9103"
	case StageConsumers:
		return "127.0.0.1:9104"
	}
	return "127.0.0.1:9100"
}

// needed tells whether one of the stages uses a key.
func needed(key string, stages []Stage) bool {
	section, _, _ := strings.Cut(key, ".")
	uses := func(s Stage) bool {
		switch section {
		case "ops", "log":
			return true
		case "source":
			return s == StageBinlog || s == StageTranslator && key == "source.name"
		case "kafka":
			return s != StageCRUDApp
		case "http":
			return s == StageCRUDApp
		}
		return section == string(s)
	}
	return slices.ContainsFunc(stages, uses)
}
