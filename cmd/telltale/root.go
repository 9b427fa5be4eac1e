package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"telltale/config"
)

// configFlag names the configuration file for every command.
const configFlag = "config"

// newRoot returns the whole command line. It keeps no state between calls.
func newRoot(e env) *cobra.Command {
	root := newGroup("telltale", "Turn row changes in MySQL into business events",
		newBinlogCommand(e),
		newTranslatorCommand(e),
		newConsumersCommand(e),
		newCRUDAppCommand(e),
		newRunCommand(e),
		newDemoCommand(e),
		newLoadCommand(e),
		newCheckCommand(e),
		newRulesCommand(e),
		newPositionsCommand(e),
		newConfigCommand(e),
		newExplainCommand(e),
		newVersionCommand(e),
	)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().String(configFlag, "", "configuration file (default "+config.DefaultFile+" where it exists)")
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// newGroup returns a command that only holds others: alone it prints its help, and
// a word that it does not know is a usage error.
func newGroup(use, short string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use:   use,
		Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(commands...)
	return group
}

// noArgs refuses arguments. Where a command has others below, the first was meant to be one.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasAvailableSubCommands() {
		return unknownCommand(cmd, args[0])
	}
	return usagef(cmd, "%s takes no arguments, not %q", cmd.CommandPath(), strings.Join(args, " "))
}

// of is the share of the configuration that stages need.
func of(stages ...config.Stage) config.Options { return config.Options{Stages: stages} }

// load reads the share of the configuration that a command needs.
func (e env) load(cmd *cobra.Command, share config.Options) (config.Effective, error) {
	file, err := cmd.Flags().GetString(configFlag)
	if err != nil {
		return config.Effective{}, fmt.Errorf("read --%s: %w", configFlag, err)
	}
	share.File, share.Environ, share.Flags = file, e.environ, cmd.Flags()
	return config.Load(share)
}
