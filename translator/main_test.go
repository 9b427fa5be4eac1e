package translator

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"telltale/internal/kafkaclient"
)

// childEnv makes the test binary a translator that the parent can kill:
// its value is "<brokers> <rules directory>".
const childEnv = "TELLTALE_TEST_TRANSLATOR"

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		brokers, rules, _ := strings.Cut(args, " ")
		o := Options{Source: "shop", Rules: rules, CreateTopics: true, Kafka: kafkaclient.Config{Brokers: brokers}}
		if err := Run(context.Background(), o); err != nil {
			slog.Error("translate", "error", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
