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
	"telltale/internal/install"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver/mysqllink"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/smtpserver"
	"telltale/load"
)

var (
	rounds       = flag.Int("rounds", 1, "how many rounds to play")
	transactions = flag.Int("transactions", 500, "transactions of a round")
	seed         = flag.Uint64("seed", 1, "seed of the first round and of the load")
	only         = flag.String("only", "", "play the faults alone whose names match this pattern")
	long         = flag.Bool("long", false, "play the faults that take half a minute too")
	brokerPause  = flag.Duration("broker-pause", 12*time.Second, "how long the broker is stopped in its tracks")
	commit       = flag.String("commit", "unknown", "which commit runs, for the report")
	report       = flag.String("report", "", "file to write the result of the rounds to")
)

// rate is how many transactions are due a second.
const rate = 250

// leastRate is how many transactions must have been committed a second for a
// result to be worth a report.
const leastRate = 200

// TestFaults plays the faults on Apache Kafka and MySQL, all on one world, and
// the one that matters for source.delivery at-least-once on a second.
// `make faults` plays all of them in many rounds and writes docs/faults.md.
func TestFaults(t *testing.T) {
	var r faults.Report
	t.Run("exactly once", func(t *testing.T) {
		var w *faults.World
		w, r = open(t, "")
		r.Parts = playAll(t, w, faults.All())
	})
	t.Run("at least once", func(t *testing.T) {
		w, _ := open(t, "at-least-once")
		r.AtLeastOnce = playAll(t, w, []faults.Fault{faults.ReaderKills()})
		for _, part := range r.AtLeastOnce { // None where -only leaves it out.
			t.Logf("%d changes and events came again", part.Results[*rounds-1].Repeats)
		}
	})
	if *report == "" || t.Failed() {
		return
	}
	if r.Rate() < leastRate {
		t.Fatalf("%.0f transactions a second were committed, want %d: is the machine busy?", r.Rate(), leastRate)
	}
	if err := os.WriteFile(*report, []byte(r.Markdown()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// playAll plays the rounds of the faults, each with a seed of its own.
func playAll(t *testing.T, w *faults.World, all []faults.Fault) []faults.Part {
	t.Helper()
	var parts []faults.Part
	for i, fault := range all {
		if fault.Long && !*long || !regexp.MustCompile(*only).MatchString(fault.Name) {
			continue
		}
		part := faults.Part{Fault: fault}
		for n := range *rounds {
			part.Results = append(part.Results, play(t, w, fault, *seed+uint64(i**rounds+n)))
		}
		parts = append(parts, part)
	}
	return parts
}

// play plays a round.
func play(t *testing.T, w *faults.World, fault faults.Fault, seed uint64) faults.Result {
	t.Helper()
	began := time.Now()
	result, err := w.Play(t.Context(), faults.Round{Fault: fault, Seed: seed, Transactions: *transactions})
	if err != nil {
		t.Fatalf("%s: %v", fault.Name, err)
	}
	t.Logf("%s, seed %d: %+v, all after %s", fault.Name, seed, result.Wrote, time.Since(began).Round(time.Millisecond))
	for _, harm := range result.Harms {
		t.Logf("%s: %s", fault.Name, harm)
	}
	for _, tally := range result.Tallies {
		t.Logf("%s: %d %s, each once and in order", fault.Name, tally.Got, tally.What)
	}
	return result
}

// open opens a world on servers of its own, with a value of source.delivery, in a
// directory that stays where the test fails.
func open(t *testing.T, delivery string) (*faults.World, faults.Report) {
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
	link, err := mysqllink.Listen(t.Context(), mysql.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := link.Close(); err != nil {
			t.Error(err)
		}
	})
	kafka, err := faults.StartBroker(t.Context(), apachekafka.Options{Dir: filepath.Join(dir, "kafka"), Jars: apachekafkatest.Jars(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kafka.Kill(); err != nil {
			t.Error(err)
		}
	})
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
			Binary: binarytest.Build(t), Dir: dir, Rules: rules, MySQL: mysql.DSN(""), Source: link.Addr(), Brokers: kafka.Addr(), SMTP: mail.Addr(),
			Delivery: delivery,
		},
		Source: faults.Source{Server: mysql, Link: link}, Broker: kafka, BrokerPause: *brokerPause, Mail: mail, Load: load.Options{Seed: *seed, Rate: rate},
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
