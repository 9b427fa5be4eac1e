package binlog

import (
	"context"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

// start finds where to begin. On the first start that is the server's newest
// transaction; it is committed at once, with the shapes of all tables, so that
// a crash from here on loses nothing.
func (r *reader) start(ctx context.Context, srv *server, producer *kafkaclient.TxnProducer, topics *topics, shapes []change.Shape) (Position, error) {
	position, found := topics.stored.position, topics.stored.found
	h, err := srv.dialect.history(ctx, srv)
	if err != nil {
		return position, err
	}
	if found {
		p := proof{options: r.o, dsn: r.dsn, server: srv, position: position, history: h}
		if err := p.run(ctx); err != nil {
			return position, err
		}
		if err := r.findBranches(ctx, srv, h, &p.position); err != nil {
			return position, err
		}
		position, topics.overrun = p.position, p.overrun
		if err := topics.inspect(ctx); err != nil {
			return position, err
		}
	} else if len(topics.newest) > 0 {
		return position, &ResumeError{
			Source: r.o.Name,
			Kind:   refusedPositions,
			Reason: "its position is gone from topic " + PositionsTopic(r.o.Name) + ", although it has published before",
			Mend:   resetCommand,
		}
	} else {
		position = h.position(srv.dialect)
	}
	position.ServerUUID = h.server
	var news []*stateRecord
	for i := range shapes {
		_, records, err := topics.open(ctx, &shapes[i])
		if err != nil {
			return position, err
		}
		news = append(news, records...)
	}
	if found && len(news) == 0 {
		return position, nil
	}
	return position, announce(ctx, producer, r.o.Name, position, news)
}

// announce commits a position together with what else is to be remembered.
func announce(ctx context.Context, producer *kafkaclient.TxnProducer, source string, position Position, others []*stateRecord) error {
	if err := producer.Begin(); err != nil {
		return err
	}
	if err := remember(ctx, producer, source, position, others); err != nil {
		return err
	}
	return producer.Commit(ctx)
}

// remember makes a position and what is to be known beside it part of the open
// transaction.
func remember(ctx context.Context, producer *kafkaclient.TxnProducer, source string, position Position, others []*stateRecord) error {
	for _, s := range others {
		m := &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &s.topic.name, Partition: 0}, Key: s.key, Value: s.value}
		if err := producer.Produce(ctx, m); err != nil {
			return err
		}
	}
	m, err := position.message(source)
	if err != nil {
		return err
	}
	return producer.Produce(ctx, m)
}
