package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"telltale/config"
)

// newCheckCommand looks at everything that `telltale run` needs, or the stages that
// are named.
func newCheckCommand(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:       "check [STAGE…]",
		Short:     "Look at servers, grants, topics and rules, and say how to mend what is wrong",
		Long:      "Look at servers, grants, topics and rules, and say how to mend what is wrong:\nfor what `telltale run` runs, or for the stages that are named, as `telltale check binlog`.",
		ValidArgs: stageNames(),
		Args:      namesOf("stage", stageNames()),
		RunE: func(cmd *cobra.Command, names []string) error {
			stages := []config.Stage{config.StageBinlog, config.StageTranslator, config.StageConsumers}
			if len(names) > 0 {
				stages = nil
			}
			for _, name := range names {
				stages = append(stages, config.Stage(name))
			}
			p, err := newProcess(cmd, e, of(stages...))
			if err != nil {
				return err
			}
			return p.printChecks(cmd, e, stages)
		},
	}
	config.AddFlags(cmd.Flags(), allStages()...)
	return cmd
}

// printChecks runs the checks of stages, prints a line for each, and returns what
// they found.
func (p *process) printChecks(cmd *cobra.Command, e env, stages []config.Stage) error {
	checks := p.checks(stages...)
	if slices.Contains(stages, config.StageConsumers) {
		checks = append(checks, check{"mail", p.checkMail})
	}
	var errs []error
	for _, c := range checks {
		err := c.run(cmd.Context())
		verdict := "ok"
		switch {
		case errors.Is(err, errUnchecked):
			verdict = "unknown"
		case err != nil:
			verdict = "wrong"
			errs = append(errs, err)
		}
		if _, err := fmt.Fprintf(e.stdout, "%-10s %s\n", c.name, verdict); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

func allStages() []config.Stage {
	return []config.Stage{config.StageBinlog, config.StageTranslator, config.StageConsumers, config.StageCRUDApp}
}

func stageNames() []string {
	var names []string
	for _, s := range allStages() {
		names = append(names, string(s))
	}
	return names
}
