package binlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

// errOverrun ends the look for changes behind a position.
var errOverrun = errors.New("a change behind the position")

// overrun refuses a position that is behind what was published: its own topic has
// lost its newest records, and what they stood for would be published again. What
// was never committed may stand there; a producer that died leaves that behind, and
// a reader of an earlier version, which counts no ends, a day of what is covered.
func (p *proof) overrun(ctx context.Context, beyond []stretch) error {
	if len(beyond) == 0 {
		return nil
	}
	covers, err := newCover(p.position, p.server.dialect)
	if err != nil {
		return err
	}
	var from []kafka.TopicPartition
	var records int64
	for _, s := range beyond {
		from = append(from, kafka.TopicPartition{Topic: &s.topic, Partition: s.partition, Offset: kafka.Offset(s.from)})
		records += s.to - s.from
	}
	p.options.Health.Set(HealthPart, fmt.Errorf("looking at up to %d records behind the position of source %s", records, p.options.Name))
	p.options.Logger.Info("looking at records behind the position", "source", p.options.Name, "partitions", len(from), "records", records)
	var first *kafka.Message
	var id string
	err = kafkaclient.ReadFrom(ctx, p.options.Kafka, from, func(m *kafka.Message) error {
		o, ok := originOfRecord(m.Value)
		if !ok {
			return nil
		}
		covered, err := covers.has(o)
		if covered || err != nil {
			return err
		}
		first, id = m, o.ID
		return errOverrun
	})
	if !errors.Is(err, errOverrun) {
		return err
	}
	return p.refuse(refusedOverrun, fmt.Sprintf("change %s was published, to partition %d of topic %s, offset %d, and the position does not know it; topic %s has lost its newest records",
		id, first.TopicPartition.Partition, *first.TopicPartition.Topic, first.TopicPartition.Offset, PositionsTopic(p.options.Name)),
		"telltale positions adopt (publishes again what is behind the position, under the ids that it had)")
}

// recordOrigin is what a change says of where it comes from.
type recordOrigin struct {
	ID     string `json:"id"`
	Op     string `json:"op"`
	Source struct {
		GTID *string `json:"gtid"`
		File string  `json:"file"`
		Pos  uint64  `json:"pos"`
	} `json:"source"`
	Transaction struct {
		ID string `json:"id"`
	} `json:"transaction"`
	// Payload is the change where its schema stands beside it.
	Payload *recordOrigin `json:"payload"`
}

// originOfRecord reads a record. One that is not ok is a tombstone, a mark of the
// transaction topic, or somebody else's.
func originOfRecord(value []byte) (o recordOrigin, ok bool) {
	if json.Unmarshal(value, &o) != nil {
		return o, false
	}
	if o.Payload != nil {
		o = *o.Payload
	}
	return o, o.ID != "" && o.Op != ""
}
