package config

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Options say where Load looks and what it must find.
type Options struct {
	// File is the configuration file. Empty means telltale.yaml in the working
	// directory, which may be missing; a named file may not.
	File string
	// Environ are environment variables as os.Environ returns them.
	Environ []string
	// Flags are those that AddFlags defined, parsed. Nil means that there are none.
	Flags *pflag.FlagSet
	// Stages are the stages that will run: their keys are validated and their
	// secret files read. None means that the values are only looked at.
	Stages []Stage
	// NoMail says that none of the consumers that will run sends mail: nothing of
	// consumers.smtp is validated then, and its secret file is not read.
	NoMail bool
}

// Effective is a configuration with the origin of each value.
type Effective struct {
	Config
	origins origins
}

// Load returns the configuration that the layers give together. Its error is
// Problems, and then the configuration holds what could be read: fit to be shown,
// not to be used.
func Load(o Options) (Effective, error) {
	e := Effective{Config: Default(o.Stages...), origins: make(origins)}
	found := &collector{}
	file, readable := readFile(o.File, e.origins, found)
	environ := readEnviron(o.Environ, e.origins, found)
	if err := merge(&e, o.Flags, file, environ); err != nil {
		return e, fmt.Errorf("merge configuration: %w", err)
	}
	if readable {
		l := loader{Effective: &e, found: found, file: o.File}
		l.readSecrets(o)
		l.validate(o)
	}
	return e, found.err()
}

// loader completes and checks a configuration that the layers gave.
type loader struct {
	*Effective
	found *collector
	file  string
}

// keyDelimiter separates the parts of a key inside viper. It occurs in no key, so
// that no value can be taken for a path.
const keyDelimiter = "\x00"

// merge puts layers, lowest first, over the defaults in e, and flags on top.
func merge(e *Effective, flags *pflag.FlagSet, layers ...map[string]any) error {
	v := viper.NewWithOptions(viper.KeyDelimiter(keyDelimiter))
	for _, layer := range layers {
		if err := v.MergeConfigMap(layer); err != nil {
			return err
		}
	}
	if err := bindFlags(v, e.origins, flags); err != nil {
		return err
	}
	return v.UnmarshalExact(&e.Config)
}

// bindFlags binds the flags that were given; viper would take a flag's own default
// for a value.
func bindFlags(v *viper.Viper, from origins, flags *pflag.FlagSet) error {
	if flags == nil {
		return nil
	}
	for _, f := range fields() {
		flag := flags.Lookup(f.flag())
		if flag == nil || !flag.Changed {
			continue
		}
		if err := v.BindPFlag(strings.ReplaceAll(f.key, ".", keyDelimiter), flag); err != nil {
			return err
		}
		from.set(f.key, fromFlag(f.flag()))
	}
	return nil
}
