package mysqlserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Binary is a server program that was seen to run.
type Binary struct {
	// Flavor is which of the two servers it is.
	Flavor Flavor
	// Path of the program or of a launcher that becomes it.
	Path string
	// Version as the server prints it, for example "9.7.4-2".
	Version string
}

// FindOptions say where to look for a server.
type FindOptions struct {
	// Flavor is which server to look for. Default MySQL.
	Flavor Flavor
	// Tools is the folder that a fetched server is unpacked into, as
	// <Tools>/mysql or <Tools>/mariadb.
	Tools string
	// Progress gets a line for each long step and each program that was
	// passed over. Nil drops them.
	Progress func(string)
}

// Find returns the first server of the flavor that runs and is recent enough
// of: what TELLTALE_MYSQLD or TELLTALE_MARIADBD names (an error if that is not
// one), the program on PATH or in the folders where packages put it, and the
// one in Tools. Where there is none, it fetches one there; the error then says
// what to install.
func Find(ctx context.Context, o FindOptions) (Binary, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	p, err := o.Flavor.product()
	if err != nil {
		return Binary{}, fmt.Errorf("find a server: %w", err)
	}
	if path := os.Getenv(p.env); path != "" {
		binary, err := p.probe(ctx, path)
		if err != nil {
			return Binary{}, fmt.Errorf("use the server that %s names: %w", p.env, err)
		}
		return binary, nil
	}
	dir := filepath.Join(o.Tools, string(p.flavor))
	fetched := filepath.Join(dir, "bin", p.program)
	for _, path := range append(p.installed(), fetched) {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		binary, err := p.probeUnconfined(ctx, path)
		if err == nil {
			return binary, nil
		}
		if ctx.Err() != nil {
			return Binary{}, err
		}
		o.Progress(fmt.Sprintf("not used: %v", err))
	}
	if err := p.fetch(ctx, dir, o.Progress); err != nil {
		return Binary{}, err
	}
	return p.probe(ctx, fetched)
}

// installed lists where an installed program would be. Packages put it into
// folders that are on the PATH of root only.
func (p product) installed() []string {
	var paths []string
	if onPath, err := exec.LookPath(p.program); err == nil {
		paths = append(paths, onPath)
	}
	for _, folder := range p.folders {
		paths = append(paths, filepath.Join(folder, p.program))
	}
	return paths
}

// probeUnconfined is probe for a program that the user did not name.
func (p product) probeUnconfined(ctx context.Context, path string) (Binary, error) {
	if err := confined(path, "/"); err != nil {
		return Binary{}, err
	}
	return p.probe(ctx, path)
}

// versionText is what the program prints for --version: the path, "Ver", the
// version.
var versionText = regexp.MustCompile(`\bVer (\d+)\.(\d+)\.(\d+)(\S*)`)

// probe runs the program for its version and refuses one that is not of the
// flavor or too old.
func (p product) probe(ctx context.Context, path string) (Binary, error) {
	path, err := filepath.Abs(path) // It is run from its data directory.
	if err != nil {
		return Binary{}, fmt.Errorf("find the server %s: %w", path, err)
	}
	out, err := exec.CommandContext(ctx, path, "--no-defaults", "--version").CombinedOutput()
	if err != nil {
		return Binary{}, fmt.Errorf("%s does not run: %w: %s", path, err, bytes.TrimSpace(out))
	}
	text := string(out)
	match := versionText.FindStringSubmatch(text)
	if match == nil {
		return Binary{}, fmt.Errorf("%s is not a %s server: it prints %q as its version", path, p.name, strings.TrimSpace(text))
	}
	is := MySQL
	if strings.Contains(text, "MariaDB") {
		is = MariaDB
	}
	version := strings.TrimPrefix(match[0], "Ver ")
	if is != p.flavor {
		other, err := is.product()
		return Binary{}, errors.Join(fmt.Errorf("%s is %s %s, and %s is needed here", path, other.name, version, p.name), err)
	}
	var numbers [3]int
	for i := range numbers {
		// The digits come from the pattern; a part that is too long to parse
		// makes the version small, and such a version does not exist.
		numbers[i], _ = strconv.Atoi(match[i+1])
	}
	if slices.Compare(numbers[:], p.oldest[:]) < 0 {
		return Binary{}, fmt.Errorf("%s is %s %s, and %d.%d.%d or newer is needed", path, p.name, version, p.oldest[0], p.oldest[1], p.oldest[2])
	}
	return Binary{Flavor: p.flavor, Path: path, Version: version}, nil
}
