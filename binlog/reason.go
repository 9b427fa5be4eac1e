package binlog

// reason is why the reader refuses what it reads. docs/errors.md explains it
// under its name, which `telltale explain` takes.
type reason struct{ name, text string }

// because makes a reason.
func because(name, text string) *reason { return &reason{name, text} }

// Error is the text, without values: what wraps the reason says on which table or
// event it came up.
func (r *reason) Error() string { return r.text }

// Name is the reason's name in docs/errors.md.
func (r *reason) Name() string { return r.name }

// What the server's binlog can hold that the reader does not go past: going on
// would lose, invent or reorder changes.
var (
	errOutcome          = because("binlog.Outcome", "its outcome was not logged, so that nobody knows whether its rows count; no session may turn sql_log_bin off")
	errStatementFormat  = because("binlog.StatementFormat", "a session logged a statement instead of its row changes; no session may change binlog_format")
	errAnonymous        = because("binlog.Anonymous", "a transaction without a GTID; run the server with gtid_mode=ON")
	errNoDocument       = because("binlog.NoDocument", "a partial update of a JSON document that the before image lacks; SET GLOBAL binlog_row_image = 'FULL', or binlog_row_value_options = ''")
	errIncident         = because("binlog.Incident", "the server says that its binlog lacks changes")
	errOldRows          = because("binlog.OldRows", "rows in the format of MySQL 5.1.17 and before")
	errOldServer        = because("binlog.OldServer", "no server since MySQL 5.0 writes it")
	errGroupReplication = because("binlog.GroupReplication", "it belongs into Group Replication's own log; read the binlog of a member")
	errRolledBack       = because("binlog.RolledBack", "a rolled-back transaction was logged because it changed a table whose engine has no transactions; use InnoDB")
	errFileTooLong      = because("binlog.FileTooLong", "what stands behind 4 GiB in a file cannot be asked for without GTIDs; run the server with gtid_mode=ON")
	errUnordered        = because("binlog.Unordered", "its number does not grow, so that a position would not say what was read; run the server with gtid_strict_mode=ON, and one primary a domain")
)

// What is wrong with the connection if it comes again at once: what a network did
// to bytes is gone when they are asked for again, and of two readers that hang
// each other up on MariaDB one is gone.
var (
	errChecksum = because("binlog.Checksum", "the event's checksum does not match: its bytes were damaged in the server's file or on the way")
	errRefused  = because("binlog.Refused", "the server refuses to send its binlog")
	errServerID = because("binlog.ServerID", "another replica has connected with this reader's source.server_id, and the server hangs up on whoever came first; give each an id of its own")
)

// What a table can be, or become by DDL, that the reader does not publish.
var (
	errUnlogged    = because("binlog.Unlogged", "it changes rows that the server logs nowhere")
	errVersioning  = because("binlog.Versioning", "its history would be published as changes; system-versioned tables are not supported by this version")
	errCascades    = because("binlog.Cascades", "where it cascades this server logs the changes nowhere")
	errUnsupported = because("binlog.Unsupported", "is not supported by this version: take the table out of source.tables")
	errTypeGone    = because("binlog.TypeGone", "the server's table of now does not have it, so that nobody knows whether it was a BINARY, a UUID, an INET4 or an INET6: take the table out of source.tables")
	errNoNames     = because("binlog.NoNames", "its rows were logged without column names; run on the server: SET GLOBAL binlog_row_metadata = 'FULL'")
	errTopicName   = because("binlog.TopicName", "has a name that is too long for a Kafka topic's")
	errTopicTaken  = because("binlog.TopicTaken", "rename one, or take it out of source.tables")
	errForm        = because("binlog.Form", "it has no place in the form that source.types or source.type_options asks for")
	errKeyAbsent   = because("binlog.KeyAbsent", "a record needs its key; run on the server: SET GLOBAL binlog_row_image = 'FULL'")
	errAbsent      = because("binlog.Absent", "a schema would make nulls of the columns that the row's image leaves out; run on the server: SET GLOBAL binlog_row_image = 'FULL', or set source.format: json")
	errNoColumns   = because("binlog.NoColumns", "its row images hold no column at all, so that there is nothing to tell the rows by; run on the server: SET GLOBAL binlog_row_image = 'FULL'")
	errKeyColumn   = because("binlog.KeyColumn", "name columns that it has in source.message_key_columns")
	errKeyDenied   = because("binlog.KeyDenied", "denied by source.columns, but a record needs its key")
	errCharacter   = because("binlog.Character", "the text is not valid in its character set")
	errInvalidUTF8 = because("binlog.InvalidUTF8", "text is not valid UTF-8")
	errHuge        = because("binlog.Huge", "one transaction of the server takes longer to publish than the brokers let a Kafka transaction stay open; raise transaction.max.timeout.ms of the brokers, and transaction.timeout.ms in kafka.properties to the same")
	errRowTooLarge = because("binlog.RowTooLarge", "a row is larger than its topic takes; raise the topic's max.message.bytes, leave its column out by source.columns, or let source.oversize put it elsewhere")
)

// What the server that keeps claim checks answers for good.
var errClaimsRefused = because("binlog.ClaimsRefused", "the bucket of claim checks is gone, or does not take them")
