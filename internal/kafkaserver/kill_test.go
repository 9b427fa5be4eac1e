package kafkaserver_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"go.uber.org/goleak"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver"
)

// envDir makes the test binary a broker with its data in the directory that
// it names: it prints its address and waits to be killed.
const envDir = "TELLTALE_TEST_BROKER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envDir); dir != "" {
		fmt.Println(broker(dir))
		select {}
	}
	goleak.VerifyTestMain(m)
}

func broker(dir string) string {
	server, err := kafkaserver.Start(kafkaserver.Options{Dir: dir})
	if err != nil {
		return "error " + err.Error()
	}
	return "listening " + server.Brokers()
}

// TestKilledBroker kills the broker twice, both times while a transaction is
// open. The second start sees the first one's remains again, followed by a
// committed transaction of the same producer.
func TestKilledBroker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	brokers, kill := startProcess(t, dir)
	createTopic(t, brokers)
	producer := newProducer(t, brokers)
	transact(t, producer, producer.Commit, "a")
	leaveOpen(t, producer, brokers, "never one")
	kill()

	brokers, kill = startProcess(t, dir)
	if got, want := readCommitted(t, brokers), []string{"a"}; !slices.Equal(got, want) {
		t.Errorf("after the first death: got %q, want %q", got, want)
	}
	producer = newProducer(t, brokers)
	transact(t, producer, producer.Commit, "b")
	leaveOpen(t, producer, brokers, "never two")
	kill()

	want := []string{"a", "b"}
	server := start(t, dir, 0)
	if got := readCommitted(t, server.Brokers()); !slices.Equal(got, want) {
		t.Errorf("after the second death: got %q, want %q", got, want)
	}
	server.Close()
	server = start(t, dir, 0)
	if got := readCommitted(t, server.Brokers()); !slices.Equal(got, want) {
		t.Errorf("after an orderly restart: got %q, want %q", got, want)
	}
}

// startProcess starts a broker in a process of its own.
func startProcess(t *testing.T, dir string) (brokers string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDir+"="+dir)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	brokers, listening := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !listening {
		t.Fatalf("the broker says %q (%v), want its address", line, err)
	}
	return brokers, kill
}

// leaveOpen begins a transaction and returns when its records are on the
// broker, where a reader of uncommitted ones sees them.
func leaveOpen(t *testing.T, p *kafkaclient.TxnProducer, brokers, value string) {
	t.Helper()
	begin(t, p)
	produce(t, p, value)
	config := kafkaclient.Config{Brokers: brokers, Properties: []string{"isolation.level=read_uncommitted"}}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		seen := 0
		err := kafkaclient.ReadToEnd(t.Context(), config, topic, func(m *kafka.Message) error {
			if string(m.Value) == value {
				seen++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if seen == 2 {
			return
		}
	}
	t.Fatalf("%q did not reach the broker", value)
}
