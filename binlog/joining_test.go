package binlog

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"telltale/internal/kafkaclient"
)

// renewals counts the lines that say that a new client asks for the lease.
type renewals struct {
	slog.Handler
	n atomic.Int32
}

func (r *renewals) Enabled(context.Context, slog.Level) bool { return true }

func (r *renewals) Handle(_ context.Context, l slog.Record) error {
	if strings.HasPrefix(l.Message, "asking for the lease with a new client") {
		r.n.Add(1)
	}
	return nil
}

// A client that the group lets in no more is thrown away while the brokers answer,
// and the next one gets the lease.
func TestClientThatDoesNotJoin(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, PositionsTopic("shop")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	seen := &renewals{Handler: slog.DiscardHandler}
	cluster.ControlKey(kmsg.JoinGroup.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if seen.n.Load() > 0 {
			return nil, nil, false
		}
		refusal := request.ResponseKind().(*kmsg.JoinGroupResponse)
		refusal.ErrorCode = kerr.CoordinatorLoadInProgress.Code
		return refusal, nil, true
	})
	c := kafkaclient.Config{Brokers: strings.Join(cluster.ListenAddrs(), ",")}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 2*patience, errors.New("nobody got the lease"))
	defer cancel()
	told := leaseReports{standing: func(standing) {}, trouble: func(error) {}}
	held := errors.New("the lease is held")
	err = holdLease(ctx, c, "shop", slog.New(seen), told, func(context.Context) error { return held })
	if !errors.Is(err, held) || seen.n.Load() != 1 {
		t.Errorf("got %v after %d new clients (%v)", err, seen.n.Load(), context.Cause(ctx))
	}
}
