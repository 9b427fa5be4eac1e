package main

import (
	"strings"
	"testing"
)

func TestRulesTest(t *testing.T) {
	t.Parallel()
	failing := rulesWith(t, "new_name: Alice}", "new_name: Alicia}")
	tests := []struct {
		name           string
		environ, args  []string
		status         int
		stdout, stderr string // Texts that are in them.
	}{
		{"pass", nil, []string{"../../config/rules"}, exitOK, " passed, 0 failed\n", ""},
		{"directory from the configuration", []string{"TELLTALE_TRANSLATOR_RULES=../../config/rules"}, nil, exitOK, " passed, 0 failed\n", ""},
		{
			"a test fails", nil,
			[]string{failing},
			exitFailure,
			`two tabs, one wins
      - expected, + got
      - CustomerNameChanged: {"id":42,"new_name":"Alicia","old_name":"Bob"}, key: "42", sequence: "2"
      + CustomerNameChanged: {"id":42,"new_name":"Alice","old_name":"Bob"}, key: "42", sequence: "2"
`,
			"rule tests failed\n",
		},
		{
			"rules do not compile", nil,
			[]string{rulesWith(t, "before.name != after.name", "before.nmae != after.name")},
			exitFailure,
			"", "customer.yaml:21: CustomerNameChanged: when: table shop.customers has no column nmae; did you mean name?\n",
		},
		{"no rules", nil, []string{"testdata/absent"}, exitFailure, "", "telltale: no rule file (*.yaml) in testdata/absent\n"},
		{"two directories", nil, []string{"a", "b"}, exitUsage, "", "want one directory at most"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runCommand(t.Context(), tt.environ, append([]string{"rules", "test"}, tt.args...)...)
			if got.status != tt.status {
				t.Errorf("status: got %d, want %d", got.status, tt.status)
			}
			if !strings.Contains(got.stdout, tt.stdout) {
				t.Errorf("stdout:\ngot  %s\nwant %s", got.stdout, tt.stdout)
			}
			if !strings.Contains(got.stderr, tt.stderr) || tt.stderr == "" && got.stderr != "" {
				t.Errorf("stderr:\ngot  %s\nwant %s", got.stderr, tt.stderr)
			}
		})
	}
}
