package translator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"telltale/internal/kafkaclient"
	"telltale/internal/preflight"
	"telltale/schemas/change"
)

// Check looks at the rules and the topics and changes nothing. It returns
// preflight.Findings for what is wrong, and another error where it could not
// look. A table that the reader has not described yet is checked against the
// shape beside the rules, where there is one, and is no finding: Run waits for
// it.
func Check(ctx context.Context, options Options) error {
	o := options.withDefaults()
	rules, err := loadRules(o.Rules)
	if err != nil {
		return findings(err, o.Rules)
	}
	book, err := readShapes(ctx, o.Kafka, o.Source)
	if err != nil {
		return err
	}
	t := newTranslator(o.Source, rules)
	var problems []error
	for _, name := range rules.tables() {
		shape, known := shapeToCheck(book, o.Rules, name)
		if known {
			problems = append(problems, t.learn(shape))
		}
	}
	return preflight.Merge(findings(errors.Join(problems...), o.Rules), checkTopics(ctx, o, rules))
}

func shapeToCheck(book *shapeBook, dir, table string) (change.Shape, bool) {
	if newest, ok := book.newest[table]; ok {
		return newest.shape, true
	}
	shape, err := readShape(dir, table)
	return shape, err == nil
}

// checkTopics finds event topics that are missing and may not be created.
func checkTopics(ctx context.Context, o Options, rules *ruleSet) error {
	if o.CreateTopics {
		return nil
	}
	err := kafkaclient.EnsureTopics(ctx, o.Kafka, topicSpecs(o, rules), false)
	var missing *kafkaclient.MissingTopicsError
	if !errors.As(err, &missing) {
		return err
	}
	var found preflight.Findings
	found.Add("event topics are missing and kafka.create_topics is false: "+strings.Join(missing.Topics, ", "),
		"kafka at "+o.Kafka.Brokers, strings.Join(missing.Commands, "\n"))
	return found
}

// findings turns what is wrong with the rules into findings, one each.
func findings(err error, dir string) error {
	if err == nil {
		return nil
	}
	var found preflight.Findings
	for _, e := range flatten(err) {
		var p *Problem
		if !errors.As(e, &p) {
			found.Add(e.Error(), dir, "set translator.rules to the directory of the rule files")
			continue
		}
		what := p.What
		if p.Rule != "" {
			what = p.Rule + ": " + what
		}
		found.Add(what, fmt.Sprintf("%s:%d", p.File, p.Line), "")
	}
	return found.Err()
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}
