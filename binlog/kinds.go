package binlog

import "github.com/go-mysql-org/go-mysql/replication"

// outcome is what becomes of the events of one type.
type outcome string

const (
	handled outcome = "handled"
	skipped outcome = "skipped" // They change no row; they are counted.
	stops   outcome = "stops"   // Going on would lose or invent changes.
)

// kind is what is known of an event type.
type kind struct {
	name    string
	outcome outcome
	// why is what a reader that stops says.
	why *reason
}

// kinds are all event types of both servers, by the library's numbers and names
// (I5). A type that is not among them stops the reader by its number. The table
// in DESIGN.md says the same in words.
var kinds = map[replication.EventType]kind{
	replication.UNKNOWN_EVENT:       {"UNKNOWN_EVENT", stops, errOldServer},
	replication.START_EVENT_V3:      {"START_EVENT_V3", stops, errOldServer},
	replication.LOAD_EVENT:          {"LOAD_EVENT", stops, errOldServer},
	replication.SLAVE_EVENT:         {"SLAVE_EVENT", stops, errOldServer},
	replication.CREATE_FILE_EVENT:   {"CREATE_FILE_EVENT", stops, errOldServer},
	replication.EXEC_LOAD_EVENT:     {"EXEC_LOAD_EVENT", stops, errOldServer},
	replication.NEW_LOAD_EVENT:      {"NEW_LOAD_EVENT", stops, errOldServer},
	replication.WRITE_ROWS_EVENTv0:  {"WRITE_ROWS_EVENTv0", stops, errOldRows},
	replication.UPDATE_ROWS_EVENTv0: {"UPDATE_ROWS_EVENTv0", stops, errOldRows},
	replication.DELETE_ROWS_EVENTv0: {"DELETE_ROWS_EVENTv0", stops, errOldRows},

	replication.ROTATE_EVENT:             {"ROTATE_EVENT", handled, nil},
	replication.FORMAT_DESCRIPTION_EVENT: {"FORMAT_DESCRIPTION_EVENT", handled, nil},
	replication.HEARTBEAT_EVENT:          {"HEARTBEAT_EVENT", skipped, nil},
	replication.HEARTBEAT_LOG_EVENT_V2:   {"HEARTBEAT_LOG_EVENT_V2", skipped, nil},
	replication.PREVIOUS_GTIDS_EVENT:     {"PREVIOUS_GTIDS_EVENT", skipped, nil},
	replication.STOP_EVENT:               {"STOP_EVENT", skipped, nil},
	replication.IGNORABLE_EVENT:          {"IGNORABLE_EVENT", skipped, nil},

	replication.GTID_EVENT:                {"GTID_EVENT", handled, nil},
	replication.GTID_TAGGED_LOG_EVENT:     {"GTID_TAGGED_LOG_EVENT", handled, nil},
	replication.ANONYMOUS_GTID_EVENT:      {"ANONYMOUS_GTID_EVENT", handled, nil},
	replication.QUERY_EVENT:               {"QUERY_EVENT", handled, nil},
	replication.XID_EVENT:                 {"XID_EVENT", handled, nil},
	replication.XA_PREPARE_LOG_EVENT:      {"XA_PREPARE_LOG_EVENT", handled, nil},
	replication.TRANSACTION_PAYLOAD_EVENT: {"TRANSACTION_PAYLOAD_EVENT", handled, nil},
	replication.INCIDENT_EVENT:            {"INCIDENT_EVENT", stops, errIncident},
	replication.VIEW_CHANGE_EVENT:         {"VIEW_CHANGE_EVENT", skipped, nil},
	replication.TRANSACTION_CONTEXT_EVENT: {"TRANSACTION_CONTEXT_EVENT", stops, errGroupReplication},

	replication.ROWS_QUERY_EVENT:          {"ROWS_QUERY_EVENT", handled, nil},
	replication.TABLE_MAP_EVENT:           {"TABLE_MAP_EVENT", handled, nil},
	replication.WRITE_ROWS_EVENTv1:        {"WRITE_ROWS_EVENTv1", handled, nil},
	replication.UPDATE_ROWS_EVENTv1:       {"UPDATE_ROWS_EVENTv1", handled, nil},
	replication.DELETE_ROWS_EVENTv1:       {"DELETE_ROWS_EVENTv1", handled, nil},
	replication.WRITE_ROWS_EVENTv2:        {"WRITE_ROWS_EVENTv2", handled, nil},
	replication.UPDATE_ROWS_EVENTv2:       {"UPDATE_ROWS_EVENTv2", handled, nil},
	replication.DELETE_ROWS_EVENTv2:       {"DELETE_ROWS_EVENTv2", handled, nil},
	replication.PARTIAL_UPDATE_ROWS_EVENT: {"PARTIAL_UPDATE_ROWS_EVENT", handled, nil},

	replication.INTVAR_EVENT:             {"INTVAR_EVENT", stops, errStatementFormat},
	replication.RAND_EVENT:               {"RAND_EVENT", stops, errStatementFormat},
	replication.USER_VAR_EVENT:           {"USER_VAR_EVENT", stops, errStatementFormat},
	replication.BEGIN_LOAD_QUERY_EVENT:   {"BEGIN_LOAD_QUERY_EVENT", stops, errStatementFormat},
	replication.APPEND_BLOCK_EVENT:       {"APPEND_BLOCK_EVENT", stops, errStatementFormat},
	replication.DELETE_FILE_EVENT:        {"DELETE_FILE_EVENT", stops, errStatementFormat},
	replication.EXECUTE_LOAD_QUERY_EVENT: {"EXECUTE_LOAD_QUERY_EVENT", stops, errStatementFormat},

	replication.MARIADB_GTID_EVENT:                      {"MARIADB_GTID_EVENT", handled, nil},
	replication.MARIADB_ANNOTATE_ROWS_EVENT:             {"MARIADB_ANNOTATE_ROWS_EVENT", handled, nil},
	replication.MARIADB_QUERY_COMPRESSED_EVENT:          {"MARIADB_QUERY_COMPRESSED_EVENT", handled, nil},
	replication.MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1:  {"MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1", handled, nil},
	replication.MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1: {"MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1", handled, nil},
	replication.MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1: {"MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1", handled, nil},
	replication.MARIADB_GTID_LIST_EVENT:                 {"MARIADB_GTID_LIST_EVENT", skipped, nil},
	replication.MARIADB_BINLOG_CHECKPOINT_EVENT:         {"MARIADB_BINLOG_CHECKPOINT_EVENT", skipped, nil},
	replication.MARIADB_START_ENCRYPTION_EVENT:          {"MARIADB_START_ENCRYPTION_EVENT", skipped, nil}, // The server decrypts what it sends.
}
