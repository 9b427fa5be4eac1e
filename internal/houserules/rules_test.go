package houserules_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

const module = "telltale"

// unit is a package as go list describes it, its tests included.
type unit struct {
	ImportPath   string
	Name         string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// all are the imports of the package and of its tests.
func (u unit) all() []string {
	return slices.Concat(u.Imports, u.TestImports, u.XTestImports)
}

// rule judges one package and returns what it does wrong.
type rule struct {
	name  string
	judge func(unit) []string
}

var rules = []rule{
	{"schemas import the standard library alone", func(u unit) []string {
		if !under(u.ImportPath, "schemas") {
			return nil
		}
		return matching(u.Imports, func(p string) bool { return !standard(p) && !under(p, "schemas") })
	}},
	{"crudapp knows nothing of the pipeline", func(u unit) []string {
		if !under(u.ImportPath, "crudapp") {
			return nil
		}
		return matching(u.all(), func(p string) bool {
			return under(p, "binlog", "translator", "consumers", "schemas", "config", "internal/kafkaclient", "internal/tracing")
		})
	}},
	{"crudapp is imported by cmd alone", func(u unit) []string {
		return onlyFrom(u, []string{"cmd", "crudapp"}, func(p string) bool { return under(p, "crudapp") })
	}},
	{"load knows the shop and the pipeline from outside", func(u unit) []string {
		if !under(u.ImportPath, "load") {
			return nil
		}
		return matching(u.Imports, func(p string) bool {
			return under(p, "binlog", "translator", "consumers", "crudapp", "schemas", "config", "internal/kafkaclient")
		})
	}},
	{"stages never import each other", func(u unit) []string {
		stages := []string{"binlog", "translator", "consumers", "crudapp"}
		for _, stage := range stages {
			if under(u.ImportPath, stage) {
				return matching(u.all(), func(p string) bool { return under(p, stages...) && !under(p, stage) })
			}
		}
		return nil
	}},
	{"config is imported by cmd, and where deploy tests its files, alone", func(u unit) []string {
		if under(u.ImportPath, "deploy") {
			return matching(u.Imports, func(p string) bool { return under(p, "config") })
		}
		return onlyFrom(u, []string{"cmd", "config"}, func(p string) bool { return under(p, "config") })
	}},
	{"consumers never see raw changes", func(u unit) []string {
		if !under(u.ImportPath, "consumers") {
			return nil
		}
		return matching(u.all(), func(p string) bool { return under(p, "schemas/change") })
	}},
	{"translator alone knows raw changes and business events", func(u unit) []string {
		knows := func(p string) bool { return slices.ContainsFunc(u.Imports, func(q string) bool { return under(q, p) }) }
		if !under(u.ImportPath, "translator") && knows("schemas/change") && knows("schemas/event") {
			return []string{module + "/schemas/change and " + module + "/schemas/event"}
		}
		return nil
	}},
	{"go-mysql stays in binlog", func(u unit) []string {
		return onlyFrom(u, []string{"binlog"}, inModule("github.com/go-mysql-org/go-mysql"))
	}},
	// A test may take kfake itself, to have the broker refuse what it likes.
	{"kfake stays in kafkaserver", func(u unit) []string {
		if under(u.ImportPath, "internal/kafkaserver") {
			return nil
		}
		return matching(u.Imports, inModule("github.com/twmb/franz-go/pkg/kfake"))
	}},
	{"test helpers are imported by tests alone", func(u unit) []string {
		if testHelper(u.ImportPath) {
			return nil
		}
		return matching(u.Imports, testHelper)
	}},
	{"a package says what it is about", func(u unit) []string {
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "base"}, strings.TrimSuffix(u.Name, "_test")) {
			return []string{"its name, " + u.Name}
		}
		return nil
	}},
}

// violations returns a line for each import that a rule forbids.
func violations(units []unit) []string {
	var lines []string
	for _, r := range rules {
		for _, u := range units {
			for _, what := range r.judge(u) {
				lines = append(lines, fmt.Sprintf("%s: %s has %s", r.name, u.ImportPath, what))
			}
		}
	}
	return lines
}

// onlyFrom returns the matching imports of a package that is not under one of
// the folders.
func onlyFrom(u unit, folders []string, match func(string) bool) []string {
	if under(u.ImportPath, folders...) {
		return nil
	}
	return matching(u.all(), match)
}

func matching(imports []string, match func(string) bool) []string {
	found := slices.Clone(imports)
	found = slices.DeleteFunc(found, func(p string) bool { return !match(p) })
	slices.Sort(found)
	return slices.Compact(found)
}

// under tells whether a package is one of this module's folders or below it.
func under(importPath string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return inModule(module + "/" + folder)(importPath) })
}

// inModule matches a path and what is below it.
func inModule(prefix string) func(string) bool {
	return func(p string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }
}

// standard tells whether a package is of the standard library, whose first
// path element is never a host name.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return first != module && !strings.Contains(first, ".")
}

// testHelper tells whether a package of this module exists for tests, as
// mysqltest does.
func testHelper(importPath string) bool {
	return inModule(module)(importPath) && strings.HasSuffix(path.Base(importPath), "test")
}
