package tour

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

// The scale of step 6.
const (
	renames = 2000
	people  = 20
	kills   = 3
	// lead is how many renames the shop may be ahead of the events, so that the
	// pipeline is killed while both work.
	lead = 500
	// crashTime bounds the step.
	crashTime = 3 * time.Minute
)

// person is a customer whom step 6 renames, in a browser of her own.
type person struct {
	browser *browser
	customer
	// names are all the names that she had, the first at registration.
	names []string
}

// killed renames many customers while the pipeline is killed and started again,
// and then compares what was promised with what is there.
func (s *Story) killed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, crashTime)
	defer cancel()
	crowd, err := s.registerCrowd(ctx)
	if err != nil {
		return err
	}
	before, _ := s.world.seen.look()
	seen := func() int { now, _ := s.world.seen.look(); return len(now.events) - len(before.events) }
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return s.rename(ctx, crowd, seen) })
	work.Go(func() error { return s.killAtRandom(ctx, seen) })
	if err := work.Wait(); err != nil {
		return err
	}
	return s.settle(context.WithoutCancel(ctx), crowd)
}

func (s *Story) registerCrowd(ctx context.Context) ([]*person, error) {
	var crowd []*person
	for i := range people {
		p := &person{browser: newBrowser(s.world.shopURL(), fmt.Sprintf("person-%d", i)), names: []string{name(i, 0)}}
		var err error
		if p.customer, err = p.browser.register(ctx, p.names[0], fmt.Sprintf("person-%d@example.com", i)); err != nil {
			return nil, err
		}
		s.diary.set(p.ID, p.browser.by(0), "name", p.Name, "email", p.Email, "country", p.Country)
		crowd = append(crowd, p)
	}
	s.did("POST /api/customers, %d times", people)
	return crowd, nil
}

func name(person, nth int) string { return fmt.Sprintf("Person %d, name %d", person, nth) }

// rename gives everybody one name after the other, through the shop.
func (s *Story) rename(ctx context.Context, crowd []*person, seen func() int) error {
	for i := range renames {
		for i-seen() >= lead {
			if err := pause(ctx); err != nil {
				return fmt.Errorf("wait for the events of %d renames, of which %d were seen: %w", i, seen(), err)
			}
		}
		p := crowd[i%len(crowd)]
		next := p.customer
		next.Name = name(i%len(crowd), len(p.names))
		saved, _, status, err := p.browser.save(ctx, next)
		if err != nil {
			return err
		}
		if saved.Name != next.Name {
			return fmt.Errorf("rename customer %d to %q: status %d", p.ID, next.Name, status)
		}
		s.diary.set(p.ID, p.browser.by(p.ID), "name", saved.Name)
		p.customer, p.names = saved, append(p.names, saved.Name)
	}
	s.did("PUT /api/customers/me, %d times", renames)
	return nil
}

// killAtRandom kills the pipeline, once in each part of the renames, when a
// random number of their events was seen and a random moment later.
func (s *Story) killAtRandom(ctx context.Context, seen func() int) error {
	random := rand.New(rand.NewPCG(s.Seed, 0))
	s.did("the moments of the kills are those of --seed %d", s.Seed)
	part := (renames - lead) / kills
	for i := range kills {
		at := i*part + random.IntN(part)
		moment := time.Duration(random.Int64N(int64(20 * time.Millisecond)))
		for seen() < at {
			if err := pause(ctx); err != nil {
				return fmt.Errorf("wait for %d events, of which %d were seen: %w", at, seen(), err)
			}
		}
		time.Sleep(moment)
		if err := s.world.run.Kill(); err != nil {
			return fmt.Errorf("kill telltale run: %w", err)
		}
		s.did("kill -9 of telltale run after %d events", seen())
		if err := s.world.startPipeline(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until everything has arrived and compares it.
func (s *Story) settle(ctx context.Context, crowd []*person) error {
	ctx, cancel := context.WithTimeout(ctx, crashTime)
	defer cancel()
	if err := s.markAll(ctx, crowd); err != nil {
		return err
	}
	result, err := s.audit(ctx, crowd)
	if err != nil {
		return err
	}
	s.printf("   row      %d row changes of %d customers, each once, in order\n", result.changes, len(crowd))
	s.printf("   event    %d events, each once, in order; commit to event %s\n", result.events, result.eventTimes)
	s.printf("   mail     %d ledger rows, one a mail, all sent; commit to mail %s\n", result.ledger, result.mailTimes)
	s.printf("   mail     %d of the mails were sent twice, with the same Message-ID\n", result.twice)
	return errors.Join(result.problems...)
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(5 * time.Millisecond):
		return nil
	}
}
