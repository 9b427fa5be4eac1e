package tour_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"telltale/internal/apachekafka"
	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/binarytest"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/tour"
)

// TestStory plays the tour on the servers of the demo.
func TestStory(t *testing.T) {
	play(t, mysqltest.Binary(t), tour.EmbeddedBroker(kafkatest.Logger(t)))
}

// TestStoryOnMariaDB plays it on the other server that applications call MySQL.
func TestStoryOnMariaDB(t *testing.T) {
	mariadb := mysqltest.Servers{Flavor: mysqlserver.MariaDB}
	play(t, mariadb.Binary(t), tour.EmbeddedBroker(kafkatest.Logger(t)))
}

// TestStoryOnApacheKafka plays the same on Apache Kafka, whose transactions,
// fencing and consumer groups are what the promises rest on in production.
func TestStoryOnApacheKafka(t *testing.T) {
	jars := apachekafkatest.Jars(t)
	play(t, mysqltest.Binary(t), func(ctx context.Context, dir string, port int) (tour.Broker, error) {
		return apachekafka.Start(ctx, apachekafka.Options{Jars: jars, Dir: dir, Port: port})
	})
}

// play plays the tour's steps one after the other: each builds on those before
// it, so that none runs in parallel.
func play(t *testing.T, server mysqlserver.Binary, broker func(context.Context, string, int) (tour.Broker, error)) {
	t.Helper()
	rules, err := filepath.Abs("../../config/rules")
	if err != nil {
		t.Fatal(err)
	}
	dir := keptDir(t)
	servers, err := tour.StartServers(t.Context(), tour.ServersOptions{
		Dir: dir, MySQL: server, Broker: broker, Log: kafkatest.Logger(t),
	})
	t.Cleanup(func() {
		if err := servers.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	world, err := tour.Open(t.Context(), tour.WorldOptions{
		Binary: binarytest.Build(t), Dir: dir, Rules: rules, Servers: servers,
	})
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	story := tour.NewStory(world, tour.StoryOptions{Seed: 1, Stdout: t.Output()})
	for _, step := range tour.Steps() {
		t.Run(step.Name, func(t *testing.T) {
			if err := story.Play(t.Context(), step); err != nil {
				t.Error(err)
			}
		})
	}
}

// keptDir is a directory that stays, with the logs in it, where the test fails.
func keptDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "telltale-tour-")
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
	return dir
}
