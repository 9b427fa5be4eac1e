package consumers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"telltale/internal/kafkaclient"
)

// Run runs a consumer until ctx ends, and returns nil then, after batches under
// way are finished. It fails at once where the database or the brokers do not
// answer at the start; later it waits for them, not ready meanwhile. It fails
// on an event that the consumer cannot handle (EventError) and on a stored
// offset that does not fit the topic (PositionError).
func Run(ctx context.Context, o Options, c Consumer) error {
	o = o.withDefaults()
	if err := errors.Join(o.validate(), c.validate()); err != nil {
		return err
	}
	o.Logger = o.Logger.With("consumer", c.Name)
	o.Health.Set(healthPart(c, partStart), errStarting) // Until the group has answered.
	if err := run(ctx, o, c); ctx.Err() == nil {
		return err
	}
	return nil
}

func run(ctx context.Context, o Options, c Consumer) error {
	db, err := openDatabase(ctx, o.DSN, o.TLS)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrate(ctx, db, c); err != nil {
		return err
	}
	if err := kafkaclient.Ping(ctx, o.Kafka); err != nil {
		return err
	}
	if err := awaitTopics(ctx, o, c); err != nil {
		return err
	}
	m, unregister, err := newMetrics(o.Registerer, c.Name)
	if err != nil {
		return err
	}
	defer unregister()
	for {
		e, err := newEngine(o, c, newStore(db, c.Name), m)
		if err != nil {
			return err
		}
		if err = e.run(ctx); !errors.Is(err, kafkaclient.ErrNotJoined) {
			return err
		}
		o.Logger.Warn("joining the group with a new client", "error", err)
	}
}

// awaitTopics waits until the topics are there. They are their writer's to
// create; a subscription made before would notice them late.
func awaitTopics(ctx context.Context, o Options, c Consumer) error {
	const part, pause = "topics", 250 * time.Millisecond
	defer o.Health.Set(healthPart(c, part), nil)
	for _, topic := range c.Topics {
		for {
			_, err := kafkaclient.Partitions(ctx, o.Kafka, topic)
			if err == nil {
				break
			}
			o.Health.Set(healthPart(c, part), fmt.Errorf("wait for topic %s, which its translator creates: %w", topic, err))
			if err := sleep(ctx, pause); err != nil {
				return err
			}
		}
	}
	return nil
}

// partStart is the part of the health that is well once the group has said which
// partitions are this instance's, none included.
const partStart = "start"

var errStarting = errors.New("starting")

// HealthPart is the part of the health that is well once the consumer of that name
// has joined its group.
func HealthPart(name string) string { return healthPart(Consumer{Name: name}, partStart) }

func healthPart(c Consumer, part string) string { return fmt.Sprintf("consumer %s, %s", c.Name, part) }
