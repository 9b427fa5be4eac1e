package faults_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"telltale/internal/apachekafka"
	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/binarytest"
	"telltale/internal/faults"
	"telltale/internal/faults/load"
	"telltale/internal/install"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/smtpserver"
)

var (
	rounds       = flag.Int("rounds", 1, "how many rounds to play")
	transactions = flag.Int("transactions", 1500, "transactions of a round")
	seed         = flag.Uint64("seed", 1, "seed of the first round and of the load")
	commit       = flag.String("commit", "unknown", "which commit runs, for the report")
	report       = flag.String("report", "", "file to write the result of the rounds to")
)

// leastRate is how many transactions must have been committed a second for a
// result to be worth a report.
const leastRate = 200

// TestKill9 kills the stages on Apache Kafka and MySQL. `make faults` plays
// many rounds and writes docs/faults.md.
func TestKill9(t *testing.T) { play(t, faults.Kills()) }

// play plays the rounds of a fault and writes the report.
func play(t *testing.T, fault faults.Fault) {
	t.Helper()
	w, r := open(t)
	r.Fault = fault
	for n := range *rounds {
		result, err := w.Play(t.Context(), faults.Round{Fault: fault, Seed: *seed + uint64(n), Transactions: *transactions})
		if err != nil {
			t.Fatalf("round %d, first seed %d: %v", n+1, *seed, err)
		}
		t.Logf("round %d: %+v in %s", n+1, result.Wrote, result.During.Round(time.Millisecond))
		for _, kill := range result.Kills {
			t.Logf("round %d: %s", n+1, kill)
		}
		for _, tally := range result.Tallies {
			t.Logf("round %d: %d %s, each once and in order", n+1, tally.Got, tally.What)
		}
		r.Results = append(r.Results, result)
	}
	if *report == "" {
		return
	}
	if r.Rate() < leastRate {
		t.Fatalf("%.0f transactions a second were committed, want %d: is the machine busy?", r.Rate(), leastRate)
	}
	if err := os.WriteFile(*report, []byte(r.Markdown()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// open opens a world on servers of its own, in a directory that stays where the
// test fails.
func open(t *testing.T) (*faults.World, faults.Report) {
	t.Helper()
	dir, err := os.MkdirTemp("", "telltale-faults-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs and data: %s", dir)
		} else if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	rules, err := filepath.Abs("../../config/rules")
	if err != nil {
		t.Fatal(err)
	}
	mysql := mysqltest.StartIn(t, filepath.Join(dir, "mysql"))
	kafka := apachekafkatest.StartWith(t, apachekafka.Options{Dir: filepath.Join(dir, "kafka")})
	mail, err := smtpserver.Start(smtpserver.Options{Log: kafkatest.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := mail.Close(); err != nil {
			t.Error(err)
		}
	})
	w, err := faults.Open(t.Context(), faults.Options{
		Options: install.Options{
			Binary: binarytest.Build(t), Dir: dir, Rules: rules, MySQL: mysql.DSN(""), Brokers: kafka.Brokers(), SMTP: mail.Addr(),
		},
		Mail: mail, Load: load.Options{Seed: *seed},
	})
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, faults.Report{
		Command: "make faults", At: time.Now(),
		Telltale: *commit, MySQL: mysqltest.Binary(t).Version, Kafka: kafkaVersion(t),
	}
}

var kafkaJar = regexp.MustCompile(`kafka_[\d.]+-([\d.]+)\.jar`)

// kafkaVersion is in the name of the broker's jar.
func kafkaVersion(t *testing.T) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(apachekafkatest.Jars(t), "kafka_*.jar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if m := kafkaJar.FindStringSubmatch(name); m != nil {
			return m[1]
		}
	}
	t.Fatalf("no version among the jars %v", names)
	return ""
}
