package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/docs"
)

// newExplainCommand prints what docs/errors.md says of an error.
func newExplainCommand(e env) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [ERROR…]",
		Short: "Say what an error means and what mends it",
		Long:  "Say what an error means and what mends it, by the name that stands below its message.\nWithout a name, list all.",
		Args: func(cmd *cobra.Command, args []string) error {
			return namesOf("error", namesOfAll(explanations(docs.Errors)))(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			known := explanations(docs.Errors)
			text := strings.Join(namesOfAll(known), "\n") + "\n"
			if len(args) > 0 {
				text = describe(known, args)
			}
			_, err := fmt.Fprint(e.stdout, text)
			return err
		},
	}
}

func namesOfAll(known []explanation) []string {
	var names []string
	for _, one := range known {
		names = append(names, one.name)
	}
	return names
}

// describe joins the explanations of some names.
func describe(known []explanation, names []string) string {
	var texts []string
	for _, name := range names {
		for _, one := range known {
			if one.name == name {
				texts = append(texts, one.name+"\n\n"+one.text+"\n")
			}
		}
	}
	return strings.Join(texts, "\n")
}

// nameOf is the name under which docs/errors.md explains an error, empty where it
// does not: the one that the error, or what it wraps, gives itself, or its type.
func nameOf(err error) string {
	known := namesOfAll(explanations(docs.Errors))
	for _, candidate := range namesIn(err) {
		if slices.Contains(known, candidate) {
			return candidate
		}
	}
	return ""
}

// namesIn are the names that an error and all that it wraps may have, those from
// outside first.
func namesIn(err error) []string {
	if err == nil {
		return nil
	}
	var names []string
	if named, ok := err.(interface{ Name() string }); ok {
		names = append(names, named.Name())
	}
	names = append(names, strings.TrimPrefix(fmt.Sprintf("%T", err), "*"))
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		names = append(names, namesIn(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			names = append(names, namesIn(one)...)
		}
	}
	return names
}
