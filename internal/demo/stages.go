package demo

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"sync"
)

// The stages but for the consumers.
const (
	stageBinlog     = "binlog"
	stageTranslator = "translator"
)

// stageNames are the stages in the order in which the work flows.
func (d *demo) stageNames() []string {
	return append([]string{stageBinlog, stageTranslator}, d.Consumers...)
}

// startStages starts the reader, whose position decides what is told, and the
// others when that is fixed: nobody has to wait for them.
func (d *demo) startStages(ctx context.Context) error {
	d.stages = append(d.stages, d.startStage(stageBinlog))
	if err := d.stages[0].await(ctx); err != nil {
		return err
	}
	for _, name := range d.stageNames()[1:] {
		d.stages = append(d.stages, d.startStage(name))
	}
	d.say("%-11s %s", "stages", "started")
	return nil
}

func (d *demo) startStage(name string) *stage {
	return startStage(stageOptions{
		Name: name, Log: d.StageLog, Board: d.board, Health: d.health,
		Command: func(opsAddr string) *exec.Cmd { return d.command(name, opsAddr) },
	})
}

// command is the process of a stage. What it logs is a log of the demo's, which
// is about what goes wrong.
func (d *demo) command(name, opsAddr string) *exec.Cmd {
	args := []string{name}
	if slices.Contains(d.Consumers, name) {
		args = []string{"consumers", name}
	}
	return d.install.Command(append(args, "--ops-listen="+opsAddr, "--log-level=warn")...)
}

// stopStages stops the stages in the order in which the work flows; the
// consumers, of which none feeds another, at the same time.
func (d *demo) stopStages() error {
	errs := make([]error, len(d.stages))
	var consumers sync.WaitGroup
	for i, s := range d.stages {
		if slices.Contains(d.Consumers, s.Name) {
			consumers.Go(func() { errs[i] = s.stop(stopStage) })
			continue
		}
		errs[i] = s.stop(stopStage)
	}
	consumers.Wait()
	return errors.Join(errs...)
}
