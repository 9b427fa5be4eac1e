package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/binlog"
	"telltale/internal/kafkaclient"
)

// TestExplain prints each name's text, and names a mistyped one's neighbour.
func TestExplain(t *testing.T) {
	t.Parallel()
	list := runCommand(t.Context(), nil, "explain")
	names := strings.Fields(list.stdout)
	if list.status != exitOK || len(names) < 40 {
		t.Fatalf("got %d names and %+v, want all of docs/errors.md", len(names), list)
	}
	for _, name := range names {
		got := runCommand(t.Context(), nil, "explain", name)
		if got.status != exitOK || got.stderr != "" || len(got.stdout) < len(name)+20 {
			t.Errorf("%s: got %+v", name, got)
		}
		if strings.Contains(got.stdout, "|") || strings.Contains(got.stdout, "](") {
			t.Errorf("%s: got Markdown:\n%s", name, got.stdout)
		}
	}
	got := runCommand(t.Context(), nil, "explain", "binlog.StatementFormat")
	for _, want := range []string{"binlog.StatementFormat\n\nsentence: ", "\ncause: A session set", "\nwhat mends it: ", "A binlog.StopError. Begins with", "status 3"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("got %s\nwant %q in it", got.stdout, want)
		}
	}
	got = runCommand(t.Context(), nil, "explain", "binlog.StatementFormt")
	if want := "did you mean binlog.StatementFormat?"; got.status != exitUsage || !strings.Contains(got.stderr, want) {
		t.Errorf("got %+v, want %q", got, want)
	}
}

// TestStatus holds the exit status and the name of what ends the reader against
// what supervisors and people are told.
func TestStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		status int
		more   string
	}{
		{"nothing", nil, exitOK, ""},
		{"usage", &usageError{"telltale runn"}, exitUsage, ""},
		{"topic", fmt.Errorf("binlog: %w", &binlog.TopicError{Topic: "shop.shop.customers", Reason: "is gone"}), exitRefused, "binlog.TopicError"},
		{"damage", &binlog.StopError{Where: "binlog.1:4", Err: errors.New("bytes")}, exitStopped, "binlog.Damaged"},
		{"position", &binlog.ResumeError{Source: "shop"}, exitRefused, "binlog.ResumeError"},
		{"topics", &kafkaclient.MissingTopicsError{}, exitFailure, "kafkaclient.MissingTopicsError"},
		{"no name", errors.New("disk"), exitFailure, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.err
			if err != nil && tt.status != exitUsage {
				err = errors.Join(fmt.Errorf("binlog: source shop: %w", err))
			}
			if got := status(err); got != tt.status {
				t.Errorf("status %d, want %d", got, tt.status)
			}
			var out bytes.Buffer
			report(&out, err)
			_, more, _ := strings.Cut(out.String(), "  more: telltale explain ")
			if strings.TrimSpace(more) != tt.more {
				t.Errorf("got %q\nwant the name %q", out.String(), tt.more)
			}
		})
	}
}

// TestReport wants errors that were joined one by one, and one of several causes as
// it says it.
func TestReport(t *testing.T) {
	t.Parallel()
	timedOut := kafka.NewError(kafka.ErrTimedOut, "", false)
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"nothing", nil, ""},
		{"one", errors.New("disk"), "telltale: disk\n"},
		{"joined", errors.Join(errors.New("disk"), nil, errors.Join(errors.New("net"))), "telltale: disk\ntelltale: net\n"},
		{"several causes", fmt.Errorf("read %w of %w", errors.New("page"), errors.New("file")), "telltale: read page of file\n"},
		{
			"no broker", errors.Join(&kafkaclient.BrokerError{Brokers: "kafka:9092", Err: timedOut}),
			"telltale: reach a kafka broker at \"kafka:9092\": Local: Timed out\n  more: telltale explain kafkaclient.BrokerError\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if report(&out, tt.err); out.String() != tt.want {
				t.Errorf("got %q, want %q", out.String(), tt.want)
			}
		})
	}
}
