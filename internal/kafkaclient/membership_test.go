package kafkaclient_test

import (
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

// What the client tells of itself is understood: one that has become a member is
// seen to be one, however long that is ago.
func TestMembership(t *testing.T) {
	t.Parallel()
	c := config(t)
	if err := kafkaclient.EnsureTopics(t.Context(), c, []kafkaclient.TopicSpec{spec("t", 1)}, true); err != nil {
		t.Fatal(err)
	}
	k, err := kafkaclient.NewConsumer(c, kafkaclient.ConsumerOptions{Group: "g", TellJoining: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	if err := k.Subscribe("t", nil); err != nil {
		t.Fatal(err)
	}
	j := kafkaclient.Joining{Limit: time.Minute}
	start, outside, member := time.Now(), false, false
	for deadline := start.Add(time.Minute); !member; {
		if time.Now().After(deadline) {
			t.Fatalf("not a member after a minute: %v", j.Err(start.Add(time.Hour)))
		}
		s, ok := k.Poll(50).(*kafka.Stats)
		if !ok {
			continue
		}
		if err := j.Note(s, start); err != nil {
			t.Fatal(err)
		}
		member = j.Err(start.Add(time.Hour)) == nil
		outside = outside || !member
	}
	t.Logf("seen outside of the group before: %t", outside)
}
