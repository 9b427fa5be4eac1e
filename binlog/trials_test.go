package binlog

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"telltale/internal/mysqlserver/mysqllink"
	"telltale/internal/mysqlserver/mysqltest"
)

// trial is a fault that ends the reader by name, or that it must not care about.
// Each round draws what exactly happens.
type trial struct {
	name, what string
	// round has it happen, and the reader run again.
	round func(*testing.T) verdict
}

// verdict is how a round ended, and how it may have ended by what was drawn: several
// where it depends on which of two is first. Nothing came where the reader is to be
// looked at when all is published.
type verdict struct {
	came ending
	want []ending
}

// lives is for a reader that must go on by itself.
func lives() verdict { return verdict{want: []ending{goesOn}} }

// ended is for a reader that must have ended in one of these ways.
func ended(came ending, want ...ending) verdict { return verdict{came, want} }

// ending is the name of the error that ended the reader, or goesOn.
type ending string

const goesOn ending = "goes on by itself"

// scene is a reader that runs, and what was written to its server.
type scene struct {
	*book
	servers mysqltest.Servers
	link    *mysqllink.Link
	// shift is how far the reader's clock is ahead.
	shift *atomic.Int64
	large large
	types types
}

// newScene opens one with some customers.
func newScene(t *testing.T, servers mysqltest.Servers, random *rand.Rand) *scene {
	t.Helper()
	h := newHarnessOn(t, servers)
	s := &scene{servers: servers, link: h.link(t), shift: &atomic.Int64{}}
	h.o.topicsEvery = 200 * time.Millisecond
	h.o.PartialImages = true
	h.o.now = func() time.Time { return time.Now().Add(time.Duration(s.shift.Load())).Round(0) }
	h.exec(t, customers, "CREATE TABLE moments (id int PRIMARY KEY, at timestamp(6) NULL)")
	s.large.prepare(t, h)
	s.types.prepare(t, h, servers)
	h.start(t)
	s.book = newBook(t, h, random, 8)
	s.published(t)
	return s
}

// play plays the rounds of trials, one after the other.
func (b *book) play(t *testing.T, trials []trial, report *faultLines) {
	t.Helper()
	for _, one := range trials {
		if !regexp.MustCompile(*faultOnly).MatchString(one.name) {
			continue
		}
		line := faultLine{fault: one.name, what: one.what, server: string(b.mysql.Flavor()), endings: map[ending]int{}}
		for range *faultRounds {
			b.round++
			before := b.changes
			b.healed = time.Time{}
			v := one.round(t)
			if b.healed.IsZero() {
				b.healed = time.Now()
			}
			b.write(t, 1+b.random.IntN(5))
			b.published(t)
			line.recoveries = append(line.recoveries, time.Since(b.healed))
			b.check(t)
			now := b.still(t)
			if v.came == "" {
				v.came = now
			} else if now != goesOn {
				t.Fatalf("%s: the reader that was started again ended: %s", one.name, now)
			}
			if !slices.Contains(v.want, v.came) {
				t.Errorf("%s: it ended as %s, want %s", one.name, v.came, v.want)
			}
			line.endings[v.came]++
			line.changes += b.changes - before
		}
		t.Logf("%+v", line)
		report.add(line)
	}
}

// coin is true every other time.
func (b *book) coin() bool { return b.random.IntN(2) == 0 }

// refuses wants a reader to refuse to start, and nothing to be published by it.
func (s *scene) refuses(t *testing.T) ending {
	t.Helper()
	err := s.fails(t)
	s.check(t)
	return nameOf(t, err)
}

// ends waits for the running reader to end by itself.
func (s *scene) ends(t *testing.T) ending {
	t.Helper()
	return nameOf(t, awaitEnd(t, s.ended))
}

// mend does what the error says, and starts the reader.
func (s *scene) mend(t *testing.T, how operation) {
	t.Helper()
	s.healed = time.Now()
	if _, err := how(t.Context(), s.o); err != nil {
		t.Fatal(err)
	}
	s.start(t)
}

// nameOf is the name that docs/errors.md explains an error under.
func nameOf(t *testing.T, err error) ending {
	t.Helper()
	var named interface {
		error
		Name() string
	}
	switch {
	case errors.As(err, new(*TopicError)):
		return "binlog.TopicError"
	case errors.As(err, &named):
		return ending(named.Name())
	}
	t.Fatalf("the error has no name: %v", err)
	return ""
}
