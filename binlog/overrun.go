package binlog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

// errOverrun ends the look for changes behind a position.
var errOverrun = errors.New("a change behind the position")

// overrun refuses a position that is behind what was published: its own topic has
// lost its newest records, and what they stood for would be published again. What
// was never committed may stand there; a producer that died leaves that behind.
func (p *proof) overrun(ctx context.Context, c kafkaclient.Config, beyond []kafka.TopicPartition) error {
	if len(beyond) == 0 {
		return nil
	}
	var first *kafka.Message
	var id string
	err := kafkaclient.ReadFrom(ctx, c, beyond, func(m *kafka.Message) error {
		e, err := change.Parse(unwrapped(m.Value))
		if err != nil {
			return nil // A tombstone, a mark of the transaction topic, or somebody else's.
		}
		covered, err := p.covers(e.Source)
		if covered || err != nil {
			return err
		}
		first, id = m, e.ID
		return errOverrun
	})
	if !errors.Is(err, errOverrun) {
		return err
	}
	return p.refuse(refusedOverrun, fmt.Sprintf("change %s was published, to partition %d of topic %s, offset %d, and the position does not know it; topic %s has lost its newest records",
		id, first.TopicPartition.Partition, *first.TopicPartition.Topic, first.TopicPartition.Offset, PositionsTopic(p.options.Name)),
		"telltale positions adopt (publishes again what is behind the position, under the ids that it had)")
}

// unwrapped is what stands beside the schema in a value that has one.
func unwrapped(value []byte) []byte {
	var wrapped struct {
		Payload json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(value, &wrapped) == nil && wrapped.Payload != nil {
		return wrapped.Payload
	}
	return value
}

// covers reports whether the position is behind a change.
func (p *proof) covers(s change.Source) (bool, error) {
	if p.position.ByFile {
		order := cmp.Or(cmp.Compare(len(s.File), len(p.position.File)), strings.Compare(s.File, p.position.File), cmp.Compare(s.Pos, uint64(p.position.Pos)))
		return order < 0, nil
	}
	if s.GTID == nil {
		return true, nil
	}
	d := p.server.dialect
	published, err := d.parse(p.position.GTIDSet)
	if err != nil {
		return false, err
	}
	one, err := d.parse(*s.GTID)
	if err != nil {
		return false, err
	}
	return published.Contain(one), nil
}
