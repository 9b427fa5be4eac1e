package binlog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

// Position is how far a source has been published: the value of the record of
// the positions topic whose key is the source's name. It is committed in the
// same Kafka transaction as the records before it (I3).
type Position struct {
	// Flavor is "mariadb" for a MariaDB server and empty for MySQL.
	Flavor string `json:"flavor,omitempty"`
	// ServerUUID is the server that the position was read from.
	ServerUUID string `json:"server_uuid"`
	// GTIDSet holds every transaction that was read, captured or not. For
	// MariaDB it is the newest of each domain.
	GTIDSet string `json:"gtid_set"`
	// ByFile says that the server gave its transactions no GTIDs when the source
	// was begun: File and Pos alone say how far it was read.
	ByFile bool `json:"by_file,omitempty"`
	// Last is the GTID of the newest transaction, or `<file>:<offset>` of its
	// beginning where the source is read by file, and Fingerprint its fingerprint;
	// both are empty before the first one and after an operator vouched for the
	// server.
	Last        string `json:"last,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	// Previous is what stood before Last in its domain of a MariaDB server, from
	// where Last can be asked for again. It is empty where Last was the first.
	Previous string `json:"previous,omitempty"`
	// Undecided are the XA branches that were prepared and whose outcome is not
	// known: their rows are not published yet. For MySQL GTIDSet leaves their
	// PREPAREs out.
	Undecided []Branch `json:"undecided,omitempty"`
	// File and Pos are where that transaction ended in the server's binlog, or
	// where the file begins that follows it.
	File string `json:"file,omitempty"`
	Pos  uint32 `json:"pos,omitempty"`
	// Incarnation counts how often the history was broken and mended; above 0
	// it is part of the changes' identities.
	Incarnation int `json:"incarnation,omitempty"`
	// CommittedAt is when the newest transaction was committed.
	CommittedAt time.Time `json:"committed_at,omitzero"`
}

// PositionsTopic is the topic of a source's position. Its one partition is the
// lease of the source too.
func PositionsTopic(source string) string { return source + ".positions" }

// ReadPosition reads a source's position from Kafka; found is false where there
// is none yet. The topic must exist.
func ReadPosition(ctx context.Context, c kafkaclient.Config, source string) (p Position, found bool, err error) {
	s, err := readStored(ctx, c, source)
	return s.position, s.found, err
}

// stored is what the positions topic holds of a source.
type stored struct {
	position Position
	// found is whether there is a position.
	found bool
	// topics are those that were written.
	topics map[string]topicState
}

// readStored reads a source's positions topic to its end.
func readStored(ctx context.Context, c kafkaclient.Config, source string) (stored, error) {
	s := stored{topics: map[string]topicState{}}
	err := kafkaclient.ReadToEnd(ctx, c, PositionsTopic(source), func(m *kafka.Message) error {
		if topic, ok := topicOfKey(source, string(m.Key)); ok {
			var state topicState
			if m.Value == nil {
				delete(s.topics, topic)
				return nil
			}
			if err := json.Unmarshal(m.Value, &state); err != nil {
				return fmt.Errorf("parse the state of topic %s at %s: %w", topic, m.TopicPartition, err)
			}
			s.topics[topic] = state
			return nil
		}
		if string(m.Key) != source {
			return nil
		}
		s.position, s.found = Position{}, m.Value != nil
		if !s.found {
			return nil
		}
		if err := json.Unmarshal(m.Value, &s.position); err != nil {
			return fmt.Errorf("parse the position of source %s at %s: %w", source, m.TopicPartition, err)
		}
		return nil
	})
	return s, err
}

// message is the position's record.
func (p Position) message(source string) (*kafka.Message, error) {
	value, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode the position of source %s: %w", source, err)
	}
	topic := PositionsTopic(source)
	return &kafka.Message{
		TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: 0},
		Key:            []byte(source),
		Value:          value,
	}, nil
}

// producerID is the transactional id of a source's reader.
func producerID(source string) string { return "telltale-binlog-" + source }
