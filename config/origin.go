package config

import (
	"fmt"
	"strings"
)

// origin is where a value came from. The zero origin is the default.
type origin struct {
	// name is a file, or an environment variable or flag as a person writes it.
	name string
	// kind is the word before the name where a value is explained.
	kind string
	// line is the line in a file, from 1; zero elsewhere.
	line int
}

func fromFile(name string, line int) origin { return origin{name: name, line: line} }
func fromEnv(name string) origin            { return origin{name: name, kind: "environment "} }
func fromFlag(name string) origin           { return origin{name: "--" + name, kind: "flag "} }
func fromSecretFile(name string) origin     { return origin{name: name, kind: "file "} }

// String is the origin within a sentence: "telltale.yaml line 4".
func (o origin) String() string {
	switch {
	case o.name == "":
		return "the defaults"
	case o.line > 0:
		return fmt.Sprintf("%s line %d", o.name, o.line)
	}
	return o.name
}

// comment is the origin beside a value: "telltale.yaml:4".
func (o origin) comment() string {
	switch {
	case o.name == "":
		return "default"
	case o.line > 0:
		return fmt.Sprintf("%s:%d", o.name, o.line)
	}
	return o.kind + o.name
}

// origins are the origins of keys, and of entries of lists as key[0].
type origins map[string]origin

// set records the origin of a key, whose entries of a lower layer are gone.
func (os origins) set(key string, o origin) {
	for at := range os {
		if strings.HasPrefix(at, key+"[") {
			delete(os, at)
		}
	}
	os[key] = o
}

// of returns the origin of a key; an entry of a list without one of its own came
// with the list.
func (os origins) of(key string) origin {
	for {
		o, ok := os[key]
		bracket := strings.LastIndexByte(key, '[')
		if ok || bracket < 0 {
			return o
		}
		key = key[:max(strings.LastIndexByte(key, '.'), bracket)]
	}
}
