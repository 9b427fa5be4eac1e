package tour_test

import (
	"path/filepath"
	"testing"

	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/binarytest"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/smtpserver"
	"telltale/internal/tour"
)

// TestStory plays the tour on the servers of the demo.
func TestStory(t *testing.T) {
	play(t, kafkatest.Start(t).Brokers())
}

// TestStoryOnApacheKafka plays the same on Apache Kafka, whose transactions,
// fencing and consumer groups are what the promises rest on in production.
func TestStoryOnApacheKafka(t *testing.T) {
	play(t, apachekafkatest.Start(t).Brokers())
}

// play plays the tour's steps one after the other: each builds on those before
// it, so that none runs in parallel.
func play(t *testing.T, brokers string) {
	t.Helper()
	rules, err := filepath.Abs("../../config/rules")
	if err != nil {
		t.Fatal(err)
	}
	mail, err := smtpserver.Start(smtpserver.Options{Log: kafkatest.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := mail.Close(); err != nil {
			t.Error(err)
		}
	})
	world, err := tour.Open(t.Context(), tour.WorldOptions{
		Binary: binarytest.Build(t), Dir: t.TempDir(), Rules: rules,
		MySQL: mysqltest.Start(t), Brokers: brokers, SMTP: mail,
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
