package main

import (
	"errors"

	"github.com/spf13/cobra"

	"telltale/config"
)

func newConfigCommand(e env) *cobra.Command {
	return newGroup("config", "Look at the configuration", newConfigPrintCommand(e))
}

func newConfigPrintCommand(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "print",
		Short: "Print the effective values, secrets hidden, each with where it came from",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// What could be read is worth seeing beside what is wrong.
			cfg, err := e.load(cmd, of())
			return errors.Join(cfg.Print(e.stdout), err)
		},
	}
	config.AddFlags(cmd.Flags())
	return cmd
}
