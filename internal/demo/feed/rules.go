package feed

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Rules are the translator's, by what stands after the last slash of the ids of
// the events that each makes.
type Rules map[string]Rule

// ruleFile is what the feed reads of a rule file. The translator has checked
// the rest.
type ruleFile struct {
	Aggregate string      `yaml:"aggregate"`
	Events    []yaml.Node `yaml:"events"`
}

type ruleText struct {
	Type    string `yaml:"type"`
	Name    string `yaml:"name"`
	Version int    `yaml:"version"`
	On      struct {
		Table string `yaml:"table"`
		Op    string `yaml:"op"`
	} `yaml:"on"`
	When string `yaml:"when"`
}

// ReadRules reads the rule files of a directory, *.yaml, to show them.
func ReadRules(files fs.FS) (Rules, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the rule files: %w", err)
	}
	rules := Rules{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read the rules: %w", err)
		}
		if err := rules.add(name, text); err != nil {
			return nil, fmt.Errorf("read the rules in %s: %w", name, err)
		}
	}
	return rules, nil
}

func (r Rules) add(name string, text []byte) error {
	var file ruleFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		return err
	}
	for _, node := range file.Events {
		var t ruleText
		if err := node.Decode(&t); err != nil {
			return err
		}
		r[file.Aggregate+"."+t.eventName()] = Rule{
			File: path.Base(name), Line: node.Line, Type: t.Type, Table: t.On.Table, Op: t.On.Op, When: strings.TrimSpace(t.When),
		}
	}
	return nil
}

// eventName is what the rule is called in the ids of its events.
func (t ruleText) eventName() string {
	name := cmp.Or(t.Name, t.Type)
	if t.Version > 1 {
		name += fmt.Sprintf(".v%d", t.Version)
	}
	return name
}

// of is the rule that made an event; nil where it is not known.
func (r Rules) of(e Event) *Rule {
	if one, known := r[e.ID[len(e.Change)+1:]]; known {
		return &one
	}
	return nil
}
