package config

import (
	"reflect"

	"github.com/spf13/pflag"
)

// AddFlags defines one flag for each key that the stages use and that fits one
// line: --kafka-brokers for kafka.brokers. No stages means all keys. Lists are
// comma-separated or repeated. A flag that is not given leaves the value to the
// environment, the file and the default.
func AddFlags(fs *pflag.FlagSet, stages ...Stage) {
	defaults := Default()
	for _, f := range fields() {
		if len(stages) > 0 && !needed(f.key, stages) {
			continue
		}
		value := f.of(defaults)
		switch f.typ.Kind() {
		case reflect.String:
			fs.String(f.flag(), shownDefault(f, value.String()), f.help)
		case reflect.Bool:
			fs.Bool(f.flag(), value.Bool(), f.help)
		case reflect.Int:
			fs.Int(f.flag(), int(value.Int()), f.help)
		case reflect.Uint32:
			fs.Uint32(f.flag(), uint32(value.Uint()), f.help)
		case reflect.Slice:
			if f.oneLine() {
				fs.StringSlice(f.flag(), nil, f.help)
			}
		}
	}
}

// shownDefault leaves out the one default that depends on the command.
func shownDefault(f field, value string) string {
	if f.key == opsKey {
		return ""
	}
	return value
}
