package kafkaserver_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestMemberThatDiesWhileJoining has a member's connection end between its
// request to join and the answer, as with kill -9. The group must get rid of it.
func TestMemberThatDiesWhileJoining(t *testing.T) {
	t.Parallel()
	server := start(t, "", 0)
	leader := newMember(t, server.Brokers())
	leader.join(t, t.Context())
	leader.sync(t, leader.id)

	late := newMember(t, server.Brokers())
	ctx, die := context.WithCancel(t.Context())
	died := make(chan struct{})
	go func() {
		defer close(died)
		late.join(t, ctx)
	}()
	eventually(t, "the group rebalances", func() bool { return leader.heartbeat(t) == kerr.RebalanceInProgress })
	die()
	<-died
	late.client.Close()

	leader.join(t, t.Context())
	leader.sync(t, leader.id, late.id)
	eventually(t, "the group rebalances without the dead member", func() bool {
		return leader.heartbeat(t) == kerr.RebalanceInProgress
	})
	leader.join(t, t.Context())
	leader.sync(t, leader.id)
	if err := leader.heartbeat(t); err != nil {
		t.Errorf("the group of the one that lives: %v", err)
	}
}

// member speaks the protocol of classic groups by hand, so that it can die at a
// chosen step of it.
type member struct {
	client     *kgo.Client
	id         string
	generation int32
}

func newMember(t *testing.T, brokers string) *member {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &member{client: client}
}

// join asks to join until the broker has given an id and answered, or ctx ends.
func (m *member) join(t *testing.T, ctx context.Context) {
	req := kmsg.NewJoinGroupRequest()
	req.Group, req.ProtocolType = "group", "consumer"
	req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = 1000, 60_000
	req.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: []byte{0, 0}}}
	for {
		req.MemberID = m.id
		resp, err := req.RequestWith(ctx, m.client)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.Errorf("join: %v", err)
			return
		}
		m.id, m.generation = resp.MemberID, resp.Generation
		if err := kerr.ErrorForCode(resp.ErrorCode); err != kerr.MemberIDRequired {
			if err != nil {
				t.Errorf("join: %v", err)
			}
			return
		}
	}
}

// sync gives the members named an assignment each.
func (m *member) sync(t *testing.T, members ...string) {
	t.Helper()
	req := kmsg.NewSyncGroupRequest()
	req.Group, req.MemberID, req.Generation = "group", m.id, m.generation
	for _, id := range members {
		req.GroupAssignment = append(req.GroupAssignment, kmsg.SyncGroupRequestGroupAssignment{MemberID: id, MemberAssignment: []byte{0, 0}})
	}
	resp, err := req.RequestWith(t.Context(), m.client)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		t.Fatalf("sync: %v", err)
	}
}

func (m *member) heartbeat(t *testing.T) error {
	t.Helper()
	req := kmsg.NewHeartbeatRequest()
	req.Group, req.MemberID, req.Generation = "group", m.id, m.generation
	resp, err := req.RequestWith(t.Context(), m.client)
	if err != nil {
		t.Fatalf("heartbeat: %v", err)
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
