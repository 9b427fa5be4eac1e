package kafkaserver_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestMembersThatDieWhileJoining has connections end between a member's request
// to join and the answer, as with kill -9. The group must get rid of each. They
// are several because the embedded broker forgets only about half of them.
func TestMembersThatDieWhileJoining(t *testing.T) {
	t.Parallel()
	server := start(t, "", 0)
	leader := newMember(t, server.Brokers())
	leader.join(t, t.Context())
	leader.sync(t, leader.id)

	ids := []string{leader.id}
	for range 8 {
		late := newMember(t, server.Brokers())
		ctx, die := context.WithCancel(t.Context())
		died := make(chan struct{})
		go func() {
			defer close(died)
			late.join(t, ctx)
		}()
		eventually(t, "the member waits for the others", func() bool { return members(t, late) == len(ids)+1 })
		die()
		<-died
		late.client.Close()
		ids = append(ids, late.id)
	}
	leader.join(t, t.Context())
	leader.sync(t, ids...)
	if got := members(t, leader); got != len(ids) {
		t.Errorf("the group has %d members, want %d with the dead", got, len(ids))
	}
	eventually(t, "one member is left", func() bool {
		if leader.heartbeat(t) != nil {
			leader.join(t, t.Context())
			leader.sync(t, leader.id)
		}
		return members(t, leader) == 1
	})
}

// members is how many members the group has.
func members(t *testing.T, m *member) int {
	t.Helper()
	req := kmsg.NewDescribeGroupsRequest()
	req.Groups = []string{"group"}
	resp, err := req.RequestWith(t.Context(), m.client)
	if err != nil || len(resp.Groups) != 1 {
		t.Fatalf("describe the group: %v, %v", resp, err)
	}
	return len(resp.Groups[0].Members)
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
	req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = 5000, 60_000
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
