package apachekafka

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"telltale/internal/childproc"
)

const (
	// pollInterval is how often a starting broker is asked whether it answers.
	pollInterval = 50 * time.Millisecond
	// askTimeout bounds one such question.
	askTimeout = 2 * time.Second
	// terminated is the exit status of a Java program that was asked to end
	// and did so in order: 128 and the number of SIGTERM.
	terminated = 128 + 15
)

// Server is a running broker. Its methods are safe for concurrent use.
type Server struct {
	brokers  string
	secure   string
	logPath  string
	logStart int64
	process  *childproc.Process
}

// Brokers is the address for bootstrap.servers, "127.0.0.1:" and the port.
func (s *Server) Brokers() string {
	return s.brokers
}

// SecureBrokers is the address of the listener that [Options.Secure] asked for.
func (s *Server) SecureBrokers() string {
	return s.secure
}

// LogPath is the file of the broker's log.
func (s *Server) LogPath() string {
	return s.logPath
}

// Done is closed when the broker has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} {
	return s.process.Done()
}

// Err says how the broker ended, with the end of its log. It is nil while the
// broker runs and after it ended by [Server.Stop].
func (s *Server) Err() error {
	err := s.process.Err()
	if exit := (*exec.ExitError)(nil); err == nil || errors.As(err, &exit) && exit.ExitCode() == terminated {
		return nil
	}
	return errors.Join(fmt.Errorf("the Kafka broker on %s ended: %w", s.brokers, err), childproc.LogTail(s.logPath, s.logStart))
}

// Stop ends the broker in order and waits for it. When ctx is done first, the
// broker is killed, which costs its next start a recovery but no data, and the
// error says so. Stopping a broker that has ended returns nil.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.process.Stop(ctx); err != nil {
		return fmt.Errorf("stop Apache Kafka on %s: %w; it was killed", s.brokers, err)
	}
	return nil
}

// Kill ends the broker at once, as a crash would, and waits for it.
func (s *Server) Kill() error {
	return s.process.Kill()
}

// Pause stops the broker where it is, as a machine that swaps or a virtual one
// that is moved. Connections stay open and nobody answers until [Server.Resume].
func (s *Server) Pause() error { return s.process.Pause() }

// Resume has a paused broker go on.
func (s *Server) Resume() error { return s.process.Resume() }

// FillDisk has each further write to a log file fail, as on a full disk. The
// broker takes that for a broken disk and, having no other, ends itself.
func (s *Server) FillDisk() error { return s.process.LimitFiles(1) }

// awaitAnswer polls the broker until it serves its cluster, has ended, or ctx
// is done.
func (s *Server) awaitAnswer(ctx context.Context, cluster string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(s.brokers), kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		serving, err := serves(ctx, client, cluster)
		if serving || err != nil {
			return err
		}
		select {
		case <-s.Done():
			return fmt.Errorf("the broker ended: %w", s.process.Err())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// serves tells whether the broker is a member of its cluster and takes
// requests. Another cluster on the port is an error: ours could not listen
// there and is about to end.
func serves(ctx context.Context, client *kgo.Client, cluster string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	metadata, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client)
	if err != nil || metadata.ClusterID == nil {
		return false, nil // Refused until it is up; its end is seen elsewhere.
	}
	if *metadata.ClusterID != cluster {
		return false, fmt.Errorf("another Kafka cluster, %s, listens there", *metadata.ClusterID)
	}
	return len(metadata.Brokers) == 1, nil
}
