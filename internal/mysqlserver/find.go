package mysqlserver

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// EnvBinary is the environment variable that names the mysqld to use.
const EnvBinary = "TELLTALE_MYSQLD"

// Binary is a MySQL server program that was seen to run.
type Binary struct {
	// Path of mysqld or of a launcher that becomes it.
	Path string
	// Version as the server prints it, for example "9.7.4-2".
	Version string
}

// FindOptions say where to look for a server.
type FindOptions struct {
	// Tools is the folder that a fetched server is unpacked into, as
	// <Tools>/mysql.
	Tools string
	// Progress gets a line for each long step and each program that was
	// passed over. Nil drops them.
	Progress func(string)
}

// Find returns the first server that runs and is recent enough of: what
// TELLTALE_MYSQLD names (an error if that is not one), mysqld on PATH or in
// the folders where packages put it, and <Tools>/mysql. Where there is none,
// it fetches one into <Tools>/mysql; the error then says what to install.
func Find(ctx context.Context, o FindOptions) (Binary, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if path := os.Getenv(EnvBinary); path != "" {
		binary, err := probe(ctx, path)
		if err != nil {
			return Binary{}, fmt.Errorf("use the server that %s names: %w", EnvBinary, err)
		}
		return binary, nil
	}
	fetched := filepath.Join(o.Tools, "mysql", "bin", "mysqld")
	for _, path := range append(installed(), fetched) {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		binary, err := probeUnconfined(ctx, path)
		if err == nil {
			return binary, nil
		}
		if ctx.Err() != nil {
			return Binary{}, err
		}
		o.Progress(fmt.Sprintf("not used: %v", err))
	}
	if err := fetch(ctx, filepath.Join(o.Tools, "mysql"), o.Progress); err != nil {
		return Binary{}, err
	}
	return probe(ctx, fetched)
}

// installed lists where an installed mysqld would be. Packages put it into
// folders that are on the PATH of root only.
func installed() []string {
	paths := []string{
		"/usr/sbin/mysqld", "/usr/libexec/mysqld", "/usr/local/mysql/bin/mysqld",
		"/opt/homebrew/opt/mysql/bin/mysqld", "/usr/local/opt/mysql/bin/mysqld",
	}
	if onPath, err := exec.LookPath("mysqld"); err == nil {
		return append([]string{onPath}, paths...)
	}
	return paths
}

// probeUnconfined is probe for a program that the user did not name.
func probeUnconfined(ctx context.Context, path string) (Binary, error) {
	if err := confined(path, "/"); err != nil {
		return Binary{}, err
	}
	return probe(ctx, path)
}

// versionText is what mysqld --version prints: the path, "Ver", the version.
var versionText = regexp.MustCompile(`\bVer (\d+)\.(\d+)\.(\d+)(\S*)`)

// probe runs the program for its version and refuses what is not a MySQL of
// 8.0.14 or later: binlog_row_metadata=FULL is complete from there on.
func probe(ctx context.Context, path string) (Binary, error) {
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
		return Binary{}, fmt.Errorf("%s is not a MySQL server: it prints %q as its version", path, strings.TrimSpace(text))
	}
	if strings.Contains(text, "MariaDB") {
		return Binary{}, fmt.Errorf("%s is MariaDB %s, and MySQL is needed here", path, match[1]+"."+match[2])
	}
	version := strings.TrimPrefix(match[0], "Ver ")
	if number(match[1:4]) < number([]string{"8", "0", "14"}) {
		return Binary{}, fmt.Errorf("%s is MySQL %s, and 8.0.14 or newer is needed", path, version)
	}
	return Binary{Path: path, Version: version}, nil
}

// number makes versions comparable. The digits come from the pattern, and a
// part too long to parse makes the version large, which is harmless.
func number(parts []string) int {
	n := 0
	for _, part := range parts {
		v, _ := strconv.Atoi(part)
		n = n*1000 + v
	}
	return n
}
