package config

import (
	"fmt"
	"strings"
)

// Problems are all that is wrong with a configuration, one sentence each, in the
// order of file, environment, secret files and allowed values. It is the error that
// Load returns.
type Problems []string

// Error prints one problem a line.
func (p Problems) Error() string { return strings.Join(p, "\n") }

// collector gathers problems.
type collector struct {
	list  Problems
	muted map[string]bool
}

// add records a problem.
func (c *collector) add(format string, args ...any) {
	c.list = append(c.list, fmt.Sprintf(format, args...))
}

// refuse records a problem of key and keeps missing from reporting it once more.
func (c *collector) refuse(key, format string, args ...any) {
	c.add(format, args...)
	c.mute(key)
}

// missing records that key has no value, unless it was muted.
func (c *collector) missing(key, format string, args ...any) {
	if !c.isMuted(key) {
		c.add(format, args...)
	}
}

// mute marks key, and the keys below it, as meant by something that was reported.
func (c *collector) mute(key string) {
	if c.muted == nil {
		c.muted = make(map[string]bool)
	}
	c.muted[key] = true
}

func (c *collector) isMuted(key string) bool {
	for key != "" {
		if c.muted[key] {
			return true
		}
		key = key[:max(0, strings.LastIndexByte(key, '.'))]
	}
	return false
}

// err returns nil, and not an empty Problems, when there are none.
func (c *collector) err() error {
	if len(c.list) == 0 {
		return nil
	}
	return c.list
}
