package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"telltale/binlog"
	"telltale/config"
	"telltale/internal/nearest"
	"telltale/internal/preflight"
)

// usageError is a command line that makes no sense; it ends with exit status 2.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// usagef makes a usage error that says where help is.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...) + " (see `" + cmd.CommandPath() + " --help`)"}
}

func unknownCommand(cmd *cobra.Command, word string) error {
	var known []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	return usagef(cmd, "unknown command %q%s", word, didYouMean("", nearest.Of(word, known)))
}

// namesOf takes known names of what a command works on, each once. None stands
// for all.
func namesOf(what string, known []string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, names []string) error {
		for i, name := range names {
			if slices.Contains(names[:i], name) {
				return usagef(cmd, "%s %s is named twice", what, name)
			}
			if slices.Contains(known, name) {
				continue
			}
			if guess := nearest.Of(name, known); guess != "" {
				return usagef(cmd, "unknown %s %q%s", what, name, didYouMean("", guess))
			}
			return usagef(cmd, "unknown %s %q; known: %s", what, name, strings.Join(known, ", "))
		}
		return nil
	}
}

// flagError says in one line what the flag parser stumbled on.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		name := unknown.GetSpecifiedName()
		return usagef(cmd, "unknown flag --%s%s", name, didYouMean("--", nearest.Of(name, flagsOf(cmd))))
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return usagef(cmd, "--%s: %q is not %s", invalid.GetFlag().Name, invalid.GetValue(), wanted(invalid.GetFlag()))
	}
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) && missing.GetSpecifiedShortnames() == "" {
		return usagef(cmd, "--%s needs a value", missing.GetSpecifiedName())
	}
	return usagef(cmd, "%v", err)
}

// wanted says in words what a flag takes.
func wanted(f *pflag.Flag) string {
	switch kind := f.Value.Type(); kind {
	case "bool":
		return "true or false"
	case "int", "int64":
		return "a whole number"
	case "uint32", "uint64":
		return "a whole number from 0"
	case "float64":
		return "a number"
	default:
		return "a " + kind
	}
}

func flagsOf(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

func didYouMean(prefix, guess string) string {
	if guess == "" {
		return ""
	}
	return "; did you mean " + prefix + guess + "?"
}

// status is the exit status for what a command returned.
func status(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, new(*usageError)):
		return exitUsage
	case errors.As(err, new(*binlog.StopError)):
		return exitStopped
	case errors.As(err, new(*binlog.ResumeError)), errors.As(err, new(*binlog.TopicError)):
		return exitRefused
	}
	return exitFailure
}

// report prints an error once: each problem of the configuration on a line of its
// own, each finding of a preflight as a block, and below one that docs/errors.md
// explains the command that shows it.
func report(w io.Writer, err error) {
	if all := joined(err); len(all) > 0 {
		for _, one := range all {
			report(w, one)
		}
		return
	}
	var problems config.Problems
	var findings preflight.Findings
	switch {
	case err == nil:
	case errors.As(err, &problems):
		for _, p := range problems {
			fmt.Fprintln(w, "telltale:", p)
		}
	case errors.As(err, &findings):
		for _, f := range findings {
			fmt.Fprintln(w, "telltale:", f)
		}
	default:
		fmt.Fprintln(w, "telltale:", err)
		if name := nameOf(err); name != "" && !errors.As(err, new(*usageError)) {
			fmt.Fprintln(w, "  more: telltale explain", name)
		}
	}
}

// joined are the errors that one of errors.Join is made of. Others have several
// causes as well, and say more than these.
func joined(err error) []error {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var texts []string
	for _, one := range several.Unwrap() {
		texts = append(texts, one.Error())
	}
	if strings.Join(texts, "\n") != err.Error() {
		return nil
	}
	return several.Unwrap()
}
