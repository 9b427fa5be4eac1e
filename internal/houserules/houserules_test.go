package houserules_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestImports(t *testing.T) {
	t.Parallel()
	units := list(t)
	for _, folder := range []string{"cmd", "crudapp", "binlog", "translator", "consumers", "schemas/change", "schemas/event", "config", "load"} {
		if !slices.ContainsFunc(units, func(u unit) bool { return under(u.ImportPath, folder) }) {
			t.Errorf("no package is in %s, so its rules hold for nothing", folder)
		}
	}
	for _, line := range violations(units) {
		t.Error(line)
	}
}

// TestRules breaks each rule once.
func TestRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		unit unit
		want string
	}{
		{"schema with a dependency", unit{ImportPath: "telltale/schemas/event", Imports: []string{"time", "go.yaml.in/yaml/v3"}}, "go.yaml.in/yaml/v3"},
		{"schema with another folder", unit{ImportPath: "telltale/schemas/event", Imports: []string{"telltale/internal/ops"}}, "telltale/internal/ops"},
		{"crudapp with Kafka", unit{ImportPath: "telltale/crudapp/web", Imports: []string{"telltale/internal/kafkaclient"}}, "telltale/internal/kafkaclient"},
		{"crudapp in a package beside it", unit{ImportPath: "telltale/internal/demo", Imports: []string{"telltale/crudapp/web"}}, "telltale/crudapp/web"},
		{"load with the shop's code", unit{ImportPath: "telltale/load/api", Imports: []string{"telltale/schemas/change"}}, "telltale/schemas/change"},
		{"stage in stage", unit{ImportPath: "telltale/translator", Imports: []string{"telltale/binlog"}}, "telltale/binlog"},
		{"stage in another's test", unit{ImportPath: "telltale/consumers/mailer", XTestImports: []string{"telltale/translator"}}, "telltale/translator"},
		{"config in a stage", unit{ImportPath: "telltale/binlog", Imports: []string{"telltale/config"}}, "telltale/config"},
		{"config in deploy", unit{ImportPath: "telltale/deploy", Imports: []string{"telltale/config"}}, "telltale/config"},
		{"consumer of raw changes", unit{ImportPath: "telltale/consumers", TestImports: []string{"telltale/schemas/change"}}, "telltale/schemas/change"},
		{"both contracts", unit{ImportPath: "telltale/internal/x", Imports: []string{"telltale/schemas/change", "telltale/schemas/event"}}, "telltale/schemas/change and telltale/schemas/event"},
		{"go-mysql elsewhere", unit{ImportPath: "telltale/crudapp", TestImports: []string{"github.com/go-mysql-org/go-mysql/client"}}, "github.com/go-mysql-org/go-mysql/client"},
		{"kfake elsewhere", unit{ImportPath: "telltale/translator", Imports: []string{"github.com/twmb/franz-go/pkg/kfake"}}, "github.com/twmb/franz-go/pkg/kfake"},
		{"test helper in the product", unit{ImportPath: "telltale/binlog", Imports: []string{"telltale/internal/mysqlserver/mysqltest"}}, "telltale/internal/mysqlserver/mysqltest"},
		{"empty name", unit{ImportPath: "telltale/internal/util", Name: "util"}, "its name, util"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := violations([]unit{tt.unit})
			if len(got) != 1 || !strings.HasSuffix(got[0], tt.unit.ImportPath+" has "+tt.want) {
				t.Errorf("got %q, want one violation about %s", got, tt.want)
			}
		})
	}
}

func TestRulesAllow(t *testing.T) {
	t.Parallel()
	allowed := []unit{
		{ImportPath: "telltale/cmd/telltale", Name: "main", Imports: []string{"telltale/config", "telltale/binlog", "telltale/crudapp/web", "telltale/translator"}},
		{ImportPath: "telltale/translator", Imports: []string{"telltale/schemas/change", "telltale/schemas/event"}},
		{ImportPath: "telltale/binlog", Imports: []string{"github.com/go-mysql-org/go-mysql/replication"}, TestImports: []string{"telltale/internal/mysqlserver/mysqltest"}},
		{ImportPath: "telltale/translator", TestImports: []string{"github.com/twmb/franz-go/pkg/kfake"}},
		{ImportPath: "telltale/consumers/mailer", Imports: []string{"telltale/consumers", "telltale/schemas/event"}},
		{ImportPath: "telltale/deploy", XTestImports: []string{"telltale/config"}},
		{ImportPath: "telltale/binlogs", Imports: []string{"telltale/config2"}},
	}
	if got := violations(allowed); len(got) != 0 {
		t.Errorf("got %q, want none", got)
	}
}

// list returns the module's packages.
func list(t *testing.T) []unit {
	t.Helper()
	const fields = "-json=ImportPath,Name,Imports,TestImports,XTestImports"
	out, err := exec.CommandContext(t.Context(), "go", "list", fields, module+"/...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("list the packages: %v: %s", err, exit.Stderr)
		}
		t.Fatalf("list the packages: %v", err)
	}
	var units []unit
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var u unit
		err := decoder.Decode(&u)
		if errors.Is(err, io.EOF) {
			return units
		}
		if err != nil {
			t.Fatalf("read what go list prints: %v", err)
		}
		units = append(units, u)
	}
}
