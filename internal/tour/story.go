package tour

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Step is a part of the story.
type Step struct {
	// Name is short, for a test's name; Title is for people.
	Name, Title string
	play        func(*Story, context.Context) error
}

// Steps is the story. Its steps build on each other and are played in order.
func Steps() []Step {
	return []Step{
		{"1_register", "Bob registers in the shop", (*Story).register},
		{"2_two_tabs", "Two tabs load Bob's form; one renames him Alice, the other Jim", (*Story).twoTabs},
		{"3_sql_shell", "Her name is changed in a SQL shell", (*Story).sqlShell},
		{"4_one_form", "Name, e-mail and phone are changed in one form", (*Story).oneForm},
		{"5_nothing", "What changes nothing the business knows", (*Story).nothing},
		{"6_kill_9", "The pipeline is killed three times during 2,000 renames", (*Story).killed},
		{"7_sign_in", "Carol signs in from an address never seen, and again from there", (*Story).signIns},
		{"8_one_statement", "A thousand customers are renamed by one statement", (*Story).oneStatement},
		{"9_history", "What happened to each customer, as a table", (*Story).history},
		{"10_restart", "Everything is stopped and started again", (*Story).restarted},
	}
}

// StoryOptions say how the story is played.
type StoryOptions struct {
	// Seed decides the random moments of step 6.
	Seed uint64
	// Stdout gets what each step did and saw. Nil drops it.
	Stdout io.Writer
}

// Story is a story that is being played in a world.
type Story struct {
	StoryOptions
	world *World
	bob   *browser
	// id is Bob's, who changes her name; carol is Carol's.
	id, carol uint64
	// seen is what was seen of each customer so far.
	seen map[uint64]Seen
	// citizens are the customers of step 8.
	citizens []*person
	diary    *diary
}

// NewStory begins the story.
func NewStory(w *World, o StoryOptions) *Story {
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	return &Story{
		StoryOptions: o, world: w, bob: newBrowser(w.shopURL(), "bob"), seen: map[uint64]Seen{}, diary: newDiary(),
	}
}

// errNoBob is returned by the steps after a first one that failed.
var errNoBob = errors.New("nobody has registered as Bob, see step 1")

// Play plays one step and reports on it. An error says what was not exactly so.
func (s *Story) Play(ctx context.Context, step Step) error {
	number, _, _ := strings.Cut(step.Name, "_")
	s.printf("\n%s. %s\n", number, step.Title)
	err := step.play(s, ctx)
	if err != nil {
		s.printf("   FAILED   %v\n", err)
		return err
	}
	s.printf("   passed\n")
	return nil
}

// did tells what was done.
func (s *Story) did(format string, args ...any) { s.printf("   did      "+format+"\n", args...) }

func (s *Story) printf(format string, args ...any) {
	// A terminal that is gone is no reason to fail a step.
	_, _ = fmt.Fprintf(s.Stdout, format, args...)
}

// observeBob is observe for what is done to Bob.
func (s *Story) observeBob(ctx context.Context, w want, do func(context.Context) error) error {
	return s.observe(ctx, w, func(ctx context.Context) (uint64, error) {
		err := do(ctx)
		return s.id, err
	})
}

// observe does something to a customer, tells all that came of it, and compares:
// what was seen later than at her last step, and ahead of a marker.
func (s *Story) observe(ctx context.Context, w want, do func(context.Context) (customer uint64, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, observeTime)
	defer cancel()
	id, err := do(ctx)
	if err != nil {
		return err
	}
	phone := s.world.nextMarker()
	end, err := s.world.mark(ctx, id, phone)
	if err != nil {
		return err
	}
	s.diary.set(id, origin{}, "phone", phone)
	came := end.after(s.seen[id]).withoutMarker()
	s.seen[id] = end
	s.tell(came)
	return w.compare(came)
}
