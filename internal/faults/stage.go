package faults

import (
	"context"
	"fmt"
	"sync"
	"time"

	"telltale/internal/install"
)

// The names of the stages.
const (
	Binlog     = "binlog"
	Translator = "translator"
	Consumers  = "consumers"
)

// Stage is a stage in a process of its own. It is safe for concurrent use.
type Stage struct {
	// Name is one of the constants.
	Name    string
	args    []string
	install *install.Install

	mu      sync.Mutex
	process *install.Process
	harms   []time.Time
}

// stages are the three of a pipeline, with all consumers. None serves metrics, so
// that no port is in the way of a successor.
func stages(i *install.Install) []*Stage {
	var all []*Stage
	for _, args := range [][]string{{Binlog}, {Translator}, {Consumers}} {
		all = append(all, &Stage{Name: args[0], args: append(args, "--ops-listen="), install: i})
	}
	return all
}

// start starts a process; where that fails, the one before stays the stage's.
func (s *Stage) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.install.Start(s.Name, s.args...)
	if err != nil {
		return err
	}
	s.process = p
	return nil
}

// Kill ends the process at once, as kill -9 does, and starts the next.
func (s *Stage) Kill() error {
	if err := s.alive(); err != nil {
		return err
	}
	s.mu.Lock()
	err := s.process.Kill()
	s.harms = append(s.harms, time.Now())
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("kill %s: %w", s.Name, err)
	}
	return s.start()
}

// alive is an error where the process ended without being asked to.
func (s *Stage) alive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.Alive()
}

func (s *Stage) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.Stop(ctx)
}

// harmed are the moments since the last call.
func (s *Stage) harmed() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	harms := s.harms
	s.harms = nil
	return harms
}

// harm notes one that was done elsewhere.
func (s *Stage) harm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.harms = append(s.harms, time.Now())
}
