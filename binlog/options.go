package binlog

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"slices"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"telltale/internal/claimurl"
	"telltale/internal/kafkaclient"
	"telltale/internal/ops"
)

// Options configure the reader of one source.
type Options struct {
	// Name names the source: its topics, its position, its lease and its
	// producer. Required.
	Name string
	// DSN is where the server is, in go-sql-driver's form. Required.
	DSN string
	// TLS is how connections to the server are encrypted; nil leaves it to DSN.
	TLS *tls.Config
	// Tables are patterns over `<db>.<table>` of what is captured, in which *
	// stands for any run of characters; ExcludeTables take some out again.
	Tables, ExcludeTables []string
	// Columns say which columns are left out.
	Columns []ColumnRule
	// Aggregates route tables together. Default: none.
	Aggregates []Aggregate
	// MessageKeys key tables otherwise than by their primary keys. Default: none.
	MessageKeys []MessageKey
	// Types says how values are written: "lossless", the default, or "debezium".
	// TypeOptions are single choices beside it.
	Types       string
	TypeOptions TypeOptions
	// Format is how a change is serialised: "json", the default, or
	// "json-with-schema", in which each record has its schema beside its payload,
	// as Kafka Connect's JsonConverter writes them.
	Format string
	// TransactionTopic has the beginning and the end of each transaction published
	// to [TransactionTopic].
	TransactionTopic bool
	// NoTombstones leaves out the records with a null value that follow deletes.
	NoTombstones bool
	// Truncates has a TRUNCATE published, as a record of op t without a key.
	Truncates bool
	// PartialImages accepts a server that does not log whole rows: the columns that
	// it leaves out are absent from the images.
	PartialImages bool
	// Snapshot has one value so far, which is also its default: "never".
	Snapshot string
	// Delivery is "exactly-once", the default, or "at-least-once".
	Delivery string
	// Oversize says what happens to a record that is larger than its topic takes:
	// "stop", the default; "claim-check", where ClaimChecks holds it; or
	// "dead-letter", where the topic DeadLettersTopic does.
	Oversize string
	// ClaimChecks is the directory of claim checks, which is made where it is
	// missing, or the URL of a bucket, as [claimurl.Parse] reads it.
	ClaimChecks string
	// Memory is how many bytes the reader works in, beside what a single large row
	// needs. Default 150,000,000; less than 120,000,000 is refused.
	Memory int
	// ServerID is what the reader calls itself to the server; it must differ
	// from that of every server and replica. Default: made from Name.
	ServerID uint32
	// Version goes into every envelope. Default "dev".
	Version string

	Kafka kafkaclient.Config
	// Partitions and ReplicationFactor are those of the topics that the reader
	// creates. Default 6 and 1.
	Partitions, ReplicationFactor int
	// CreateTopics allows it to create topics; without, a missing one is an
	// error that prints the command.
	CreateTopics bool

	// Logger, Registerer and Health may be nil.
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Health     *ops.Health
	// catchUp is how long a server that is not the one before may lack what was
	// published, for tests. 0 means catchUpTime.
	catchUp time.Duration
	// now is the clock, for tests of clocks that jump. Nil means time.Now.
	now func() time.Time
	// Traces gets a span for what each traced request changed. Nil means none.
	Traces trace.TracerProvider

	// topicsEvery is how often the topics are compared with what they were.
	topicsEvery time.Duration
	// heartbeat is how often an idle server says that it is there, for tests of
	// silence. 0 means defaultHeartbeat.
	heartbeat time.Duration
}

// withDefaults fills what is left out and refuses what cannot be.
func (o Options) withDefaults() (Options, error) {
	if o.Name == "" || o.DSN == "" || len(o.Tables) == 0 {
		return o, errors.New("source.name, source.dsn and source.tables must be set")
	}
	for _, one := range []struct {
		key     string
		value   *string
		allowed []string // The default first.
	}{
		{"source.snapshot", &o.Snapshot, []string{"never"}},
		{"source.format", &o.Format, []string{formatJSON, formatWithSchema}},
		{"source.delivery", &o.Delivery, []string{deliveryExactlyOnce, deliveryAtLeastOnce}},
	} {
		if *one.value == "" {
			*one.value = one.allowed[0]
		}
		if !slices.Contains(one.allowed, *one.value) {
			return o, fmt.Errorf("%s: %q is not supported by this version; set it to %s", one.key, *one.value, strings.Join(one.allowed, " or "))
		}
	}
	if o.PartialImages && o.Format == formatWithSchema {
		return o, errors.New("source.partial_images: true needs source.format: json; a record with a schema has all of its columns")
	}
	o.Types = cmp.Or(o.Types, typesLossless)
	o.Memory = cmp.Or(o.Memory, defaultMemory)
	if o.Memory < minMemory {
		return o, fmt.Errorf("source.memory_mb: %d bytes are not enough, want %d at least", o.Memory, minMemory)
	}
	o.Oversize = cmp.Or(o.Oversize, oversizeStop)
	if err := o.checkOversize(); err != nil {
		return o, err
	}
	// Out of the way of the small numbers that people choose.
	o.ServerID = cmp.Or(o.ServerID, 1<<30|crc32.ChecksumIEEE([]byte(o.Name))>>2)
	o.Version = cmp.Or(o.Version, "dev")
	o.Partitions = cmp.Or(o.Partitions, 6)
	o.ReplicationFactor = cmp.Or(o.ReplicationFactor, 1)
	o.topicsEvery = cmp.Or(o.topicsEvery, topicsEvery)
	o.heartbeat = cmp.Or(o.heartbeat, defaultHeartbeat)
	o.catchUp = cmp.Or(o.catchUp, catchUpTime)
	if o.now == nil {
		o.now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// dsn parses the DSN and has its connections encrypted as o says.
func (o Options) dsn() (*driver.Config, error) {
	c, err := driver.ParseDSN(o.DSN)
	if err != nil {
		return nil, fmt.Errorf("source.dsn: %w (want user:password@tcp(host:3306)/)", err)
	}
	if o.TLS != nil {
		c.TLS = o.TLS
	}
	return c, nil
}

// checkOversize refuses a policy that cannot be followed.
func (o Options) checkOversize() error {
	switch o.Oversize {
	case oversizeStop:
		return nil
	case oversizeClaimCheck:
		if _, err := claimurl.Parse(o.ClaimChecks); err != nil {
			return fmt.Errorf("source.claim_checks, which source.oversize: claim-check needs: %w", err)
		}
	case oversizeDeadLetter:
	default:
		return fmt.Errorf("source.oversize: %q is not stop, claim-check or dead-letter", o.Oversize)
	}
	if o.Format != "json" {
		return fmt.Errorf("source.oversize: %s needs source.format: json", o.Oversize)
	}
	return nil
}
