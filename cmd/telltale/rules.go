package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"telltale/config"
	"telltale/translator"
)

func newRulesCommand(e env) *cobra.Command {
	return newGroup("rules", "Test the rules that make events of changes",
		newRulesTestCommand(e),
		newRulesShapesCommand(e),
	)
}

func newRulesTestCommand(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Run the tests beside the rules, without servers",
		Args:  rulesDirArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) == 0 {
				cfg, err := e.load(cmd, of())
				if err != nil {
					return err
				}
				dir = cfg.Translator.Rules
			} else {
				dir = args[0]
			}
			report, err := translator.TestRules(dir)
			if err != nil {
				return err
			}
			return printRuleReport(e.stdout, report)
		},
	}
	return cmd
}

// rulesDirArg takes at most a directory.
func rulesDirArg(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef(cmd, "want one directory at most, not %q", args)
	}
	return nil
}

// printRuleReport prints a line for each test, the difference below one that
// failed, and the count.
func printRuleReport(w io.Writer, report translator.Report) error {
	for _, r := range report.Results {
		verdict := "ok  "
		if r.Diff != "" {
			verdict = "FAIL"
		}
		if _, err := fmt.Fprintf(w, "%s  %s:%d  %s\n", verdict, r.File, r.Line, r.Name); err != nil {
			return err
		}
		if r.Diff == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "      - expected, + got\n      %s\n", strings.ReplaceAll(r.Diff, "\n", "\n      ")); err != nil {
			return err
		}
	}
	failed := report.Failed()
	if _, err := fmt.Fprintf(w, "%d passed, %d failed\n", len(report.Results)-failed, failed); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d rule tests failed", failed, len(report.Results))
	}
	return nil
}

func newRulesShapesCommand(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "shapes [DIR]",
		Short: "Write the shapes of the tables that the rules name, as the reader published them, for the tests",
		Args:  rulesDirArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := newProcess(cmd, e, of(config.StageTranslator))
			if err != nil {
				return err
			}
			dir := p.Translator.Rules
			if len(args) == 1 {
				dir = args[0]
			}
			written, err := translator.WriteShapes(cmd.Context(), p.kafka(config.StageTranslator), p.Source.Name, dir)
			for _, path := range written {
				if _, err := fmt.Fprintln(e.stdout, path); err != nil {
					return err
				}
			}
			return err
		},
	}
	config.AddFlags(cmd.Flags(), config.StageTranslator)
	return cmd
}
