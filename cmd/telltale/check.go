package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"telltale/config"
)

// newCheckCommand looks at everything that `telltale run` needs.
func newCheckCommand(e env) *cobra.Command {
	stages := []config.Stage{config.StageBinlog, config.StageTranslator, config.StageConsumers}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look at servers, grants, topics and rules, and say how to mend what is wrong",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newProcess(cmd, e, stages...)
			if err != nil {
				return err
			}
			var errs []error
			for _, c := range append(p.checks(stages...), check{"mail", p.checkMail}) {
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
		},
	}
	config.AddFlags(cmd.Flags(), stages...)
	return cmd
}
