package config

import (
	"regexp"
	"strings"

	"telltale/internal/nearest"
)

// serviceVariable matches what Kubernetes sets in every pod for each service of the
// namespace, one that is named telltale-ops included.
var serviceVariable = regexp.MustCompile(
	`_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)

// readEnviron returns the values that environment variables set, nested as in the
// file. An empty variable counts as not set.
func readEnviron(environ []string, from origins, found *collector) map[string]any {
	byName := make(map[string]field)
	var known []string
	for _, f := range fields() {
		byName[f.env()] = f
		known = append(known, f.env())
	}
	out := make(map[string]any)
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || text == "" {
			continue
		}
		f, ok := byName[name]
		switch {
		case !ok && foreign(name):
		case !ok:
			unknownVariable(name, known, byName, found)
		case !f.oneLine():
			found.refuse(f.key, "`%s` cannot be set by %s: it is %s; set it in the file", f.key, name, wanted(f.typ))
		default:
			v, err := scalar(text, f.typ)
			if err != nil {
				found.refuse(f.key, "`%s` in %s must be %s", f.key, name, wanted(f.typ))
				continue
			}
			from.set(f.key, fromEnv(name))
			set(out, f.key, v)
		}
	}
	return out
}

// foreign tells whether a variable with our prefix is not configuration: one that
// other parts of Telltale read, or a serviceVariable.
func foreign(name string) bool {
	return name == "TELLTALE_MYSQLD" || strings.HasPrefix(name, "TELLTALE_TEST_") ||
		serviceVariable.MatchString(name)
}

func unknownVariable(name string, known []string, byName map[string]field, found *collector) {
	guess := nearest.Of(name, known)
	if guess == "" {
		found.add("unknown environment variable %s; `telltale config print` lists the keys: source.name is TELLTALE_SOURCE_NAME", name)
		return
	}
	found.add("unknown environment variable %s; did you mean %s?", name, guess)
	found.mute(byName[guess].key)
}

// set puts v at the dotted key into nested maps.
func set(m map[string]any, key string, v any) {
	section, rest, nested := strings.Cut(key, ".")
	if !nested {
		m[key] = v
		return
	}
	below, ok := m[section].(map[string]any)
	if !ok {
		below = make(map[string]any)
		m[section] = below
	}
	set(below, rest, v)
}
