package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"telltale/binlog"
	"telltale/config"
)

func newPositionsCommand(e env) *cobra.Command {
	return newGroup("positions", "Look at how far a source is published, and mend it",
		newPositionCommand(e, positionCommand{
			use: "show", short: "Print the stored position as JSON", do: showPosition,
		}),
		newPositionCommand(e, positionCommand{
			use:   "reset",
			short: "Go on at the server's newest transaction; what lies between is never published",
			do:    binlog.Reset,
		}),
		newPositionCommand(e, positionCommand{
			use:   "trust",
			short: "Go on from the stored position although the server's history looks different",
			do:    binlog.Trust,
		}),
		newPositionCommand(e, positionCommand{
			use:   "adopt",
			short: "Go on with the topics as they are although some were deleted, created anew or re-partitioned",
			do:    binlog.Adopt,
		}),
	)
}

// positionCommand looks at or changes a position and returns what it is then.
type positionCommand struct {
	use, short string
	do         func(context.Context, binlog.Options) (binlog.Position, error)
}

func newPositionCommand(e env, c positionCommand) *cobra.Command {
	cmd := &cobra.Command{
		Use:   c.use,
		Short: c.short,
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newProcess(cmd, e, of(config.StageBinlog))
			if err != nil {
				return err
			}
			position, err := c.do(cmd.Context(), p.binlogOptions())
			if err != nil {
				return err
			}
			out := json.NewEncoder(e.stdout)
			out.SetIndent("", "  ")
			return out.Encode(position)
		},
	}
	config.AddFlags(cmd.Flags(), config.StageBinlog)
	return cmd
}

func showPosition(ctx context.Context, o binlog.Options) (binlog.Position, error) {
	p, found, err := binlog.ReadPosition(ctx, o.Kafka, o.Name)
	if err == nil && !found {
		err = fmt.Errorf("source %s has no position yet: it was never read", o.Name)
	}
	return p, err
}
