package kafkaserver

import (
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// rounds is how many finished rebalances may wait for the roll call. One that
// finds no room is followed by the next member's, or by nothing worse than what
// kfake does by itself.
const rounds = 64

// rollCall makes dead members of classic consumer groups expire. kfake arms a
// member's session timer when it answers the member, and not when it cannot: one
// that is killed while it joins would stay in the group for ever, with the
// partitions that the leader gave it. So after each rebalance the roll call sends
// one heartbeat in every member's name. Who lives goes on with its own; who does
// not is out when its session is over.
type rollCall struct {
	client *kgo.Client
	due    chan round
	cancel context.CancelFunc
	done   sync.WaitGroup
	log    logger
}

// round is a group after a rebalance.
type round struct {
	group      string
	generation int32
}

func startRollCall(brokers string, log logger) (*rollCall, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.ClientID("roll-call"))
	if err != nil {
		return nil, fmt.Errorf("make a client for the roll call of %s: %w", brokers, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &rollCall{client: client, due: make(chan round, rounds), cancel: cancel, log: log}
	r.done.Go(func() { r.run(ctx) })
	return r, nil
}

// observe is called with every SyncGroup request before the broker handles it.
// The leader's, which carries the assignment, ends the rebalance.
func (r *rollCall) observe(req kmsg.Request) (kmsg.Response, error, bool) {
	final, ok := req.(*kmsg.SyncGroupRequest)
	if ok && len(final.GroupAssignment) > 0 {
		select {
		case r.due <- round{final.Group, final.Generation}:
		default:
		}
	}
	return nil, nil, false
}

func (r *rollCall) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case next := <-r.due:
			if err := r.call(ctx, next); err != nil && ctx.Err() == nil {
				r.log.log.Warn("embedded Kafka: roll call of a consumer group", "group", next.group, "error", err)
			}
		}
	}
}

// call sends the heartbeats. What the broker answers is no concern: a group that
// rebalances again gets another call.
func (r *rollCall) call(ctx context.Context, next round) error {
	describe := kmsg.NewDescribeGroupsRequest()
	describe.Groups = []string{next.group}
	groups, err := describe.RequestWith(ctx, r.client)
	if err != nil {
		return fmt.Errorf("describe the group: %w", err)
	}
	for _, g := range groups.Groups {
		for _, m := range g.Members {
			beat := kmsg.NewHeartbeatRequest()
			beat.Group, beat.Generation = next.group, next.generation
			beat.MemberID, beat.InstanceID = m.MemberID, m.InstanceID
			if _, err := beat.RequestWith(ctx, r.client); err != nil {
				return fmt.Errorf("heartbeat of member %s: %w", m.MemberID, err)
			}
		}
	}
	return nil
}

func (r *rollCall) close() {
	r.cancel()
	r.done.Wait()
	r.client.Close()
}
