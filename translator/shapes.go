package translator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

// shapeBook is the schemas topic as read to its end.
type shapeBook struct {
	shapes map[shapeID]change.Shape
	// newest is each table's shape that was published last.
	newest map[string]published
}

type published struct {
	shape  change.Shape
	at     time.Time
	offset kafka.Offset
}

// readShapes reads a source's schemas topic to its end. A topic that is not
// there yet is an empty book.
func readShapes(ctx context.Context, c kafkaclient.Config, source string) (*shapeBook, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	book := &shapeBook{shapes: make(map[shapeID]change.Shape), newest: make(map[string]published)}
	topic := change.SchemasTopic(source)
	err := kafkaclient.ReadToEnd(ctx, c, topic, func(m *kafka.Message) error {
		if len(m.Value) == 0 {
			return nil
		}
		shape, err := change.ParseShape(m.Value)
		if err != nil {
			return fmt.Errorf("topic %s, partition %d, offset %d: %w", topic, m.TopicPartition.Partition, m.TopicPartition.Offset, err)
		}
		book.add(published{shape: shape, at: m.Timestamp, offset: m.TopicPartition.Offset})
		return nil
	})
	var k kafka.Error
	if errors.As(err, &k) {
		if k.Code() == kafka.ErrUnknownTopicOrPart || k.Code() == kafka.ErrUnknownTopic {
			return book, nil
		}
		return nil, lost(err)
	}
	if err != nil && ctx.Err() != nil {
		return nil, lost(err)
	}
	return book, err
}

func (b *shapeBook) add(p published) {
	name := p.shape.DB + "." + p.shape.Table
	b.shapes[shapeID{name, p.shape.ID}] = p.shape
	old, ok := b.newest[name]
	if !ok || p.at.After(old.at) || p.at.Equal(old.at) && p.offset > old.offset {
		b.newest[name] = p
	}
}

// tablesPause is between two looks for tables that are not there yet.
const tablesPause = time.Second

// awaitTables waits until every table that the rules name has a shape and a
// topic, and compiles the rules against the newest shapes.
func (s *stage) awaitTables(ctx context.Context) error {
	for {
		var waiting []string
		err := s.retry(ctx, func(ctx context.Context) (err error) {
			waiting, err = s.learnTables(ctx)
			return err
		})
		if err != nil {
			return err
		}
		s.options.Health.Set(HealthPart, nil)
		if len(waiting) == 0 {
			s.options.Health.Set(partShapes, nil)
			return nil
		}
		s.options.Health.Set(partShapes, fmt.Errorf(
			"the rules in %s name tables that topic %s does not describe or that have no topic: %s; "+
				"check that the reader runs, that its source.tables holds them, and how the rules spell them",
			s.options.Rules, s.schemasTopic(), strings.Join(waiting, ", ")))
		if err := sleep(ctx, tablesPause); err != nil {
			return err
		}
	}
}

// learnTables compiles what is described so far and returns the tables that
// are not. Every table that is described is compiled before any change is read.
func (s *stage) learnTables(ctx context.Context) (waiting []string, err error) {
	book, err := readShapes(ctx, s.options.Kafka, s.options.Source)
	if err != nil {
		return nil, err
	}
	var problems []error
	s.inputs = nil
	for _, name := range s.translator.rules.tables() {
		newest, ok := book.newest[name]
		if !ok {
			waiting = append(waiting, name)
			continue
		}
		problems = append(problems, s.translator.learn(newest.shape))
		topic := newest.shape.Topic(s.options.Source)
		if _, err := kafkaclient.Partitions(ctx, s.options.Kafka, topic); err != nil {
			waiting = append(waiting, name)
		}
		if !slices.Contains(s.inputs, topic) {
			s.inputs = append(s.inputs, topic)
		}
	}
	return waiting, errors.Join(problems...)
}

// shapeWait bounds the wait for a shape that a change names: the reader
// publishes it before the change.
const shapeWait = 30 * time.Second

// awaitShape compiles the rules against the shape of a change, once the schemas
// topic holds it.
func (s *stage) awaitShape(ctx context.Context, c *rawChange) error {
	missing := fmt.Errorf("topic %s does not hold shape %s of table %s, which change %s has (%s)",
		s.schemasTopic(), c.shape, c.table, c.id, c.place)
	for deadline := time.Now().Add(shapeWait); time.Now().Before(deadline); {
		book, err := readShapes(ctx, s.options.Kafka, s.options.Source)
		if err != nil {
			return err
		}
		if shape, ok := book.shapes[shapeID{c.table, c.shape}]; ok {
			s.options.Health.Set(partShapes, nil)
			return s.translator.learn(shape)
		}
		s.options.Health.Set(partShapes, missing)
		if err := sleep(ctx, tablesPause); err != nil {
			return err
		}
	}
	return missing
}

// WriteShapes writes the newest shape of each table that the rules in dir name
// to dir/tables, where TestRules finds it, and returns the files it wrote. A
// table that the source's schemas topic does not describe is an error.
func WriteShapes(ctx context.Context, c kafkaclient.Config, source, dir string) ([]string, error) {
	rules, err := loadRules(dir)
	if err != nil {
		return nil, err
	}
	book, err := readShapes(ctx, c, source)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "tables"), 0o755); err != nil {
		return nil, fmt.Errorf("write table shapes: %w", err)
	}
	var written []string
	for _, name := range rules.tables() {
		newest, ok := book.newest[name]
		if !ok {
			return written, fmt.Errorf("topic %s does not describe table %s; the reader describes the tables of its source.tables when it starts",
				change.SchemasTopic(source), name)
		}
		path := shapePath(dir, name)
		if err := writeShape(path, newest.shape); err != nil {
			return written, err
		}
		written = append(written, path)
	}
	return slices.Clip(written), nil
}

func writeShape(path string, shape change.Shape) error {
	text, err := json.MarshalIndent(shape, "", "  ")
	if err != nil {
		return fmt.Errorf("write table shape %s: %w", path, err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write table shape: %w", err)
	}
	return nil
}
