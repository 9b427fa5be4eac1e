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
)

// MariaDB's own installer is a shell script beside the server, which finds
// neither the libraries of an unpacked one nor dies with this process. So the
// server is given here what that script gives it: the statements that make the
// system tables, which come with it in files.

// bootstrapHead goes before the files: root gets in from this machine without
// a password, and nobody else does.
const bootstrapHead = `create database mysql;
use mysql;
set @auth_root_socket = NULL;
set @skip_auth_anonymous = 1;
set @current_hostname = 'localhost';
`

// bootstrapFiles are the files in their order, without the family's prefix:
// they are called mysql_… up to MariaDB 10.11 and mariadb_… later.
var bootstrapFiles = []string{"system_tables.sql", "performance_tables.sql", "system_tables_data.sql"}

// prepareMariaDB makes the empty data directory and the input from which the
// server fills it.
func prepareMariaDB(ctx context.Context, cmd *exec.Cmd, data string) error {
	share, err := shareDir(ctx, cmd.Path)
	if err != nil {
		return err
	}
	input := []byte(bootstrapHead)
	for _, name := range bootstrapFiles {
		sql, err := readEither(filepath.Join(share, "mariadb_"+name), filepath.Join(share, "mysql_"+name))
		if err != nil {
			return fmt.Errorf("read the statements that make the system tables: %w", err)
		}
		input = append(append(input, sql...), '\n')
	}
	if err := os.Mkdir(data, 0o750); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	cmd.Args = append(cmd.Args, "--bootstrap")
	cmd.Stdin = bytes.NewReader(input)
	return nil
}

func readEither(first, second string) ([]byte, error) {
	text, err := os.ReadFile(first)
	if errors.Is(err, os.ErrNotExist) {
		return os.ReadFile(second)
	}
	return text, err
}

// basedirText is the line of the server's help that says where it is installed.
var basedirText = regexp.MustCompile(`(?m)^basedir\s+(\S+)\s*$`)

// shareDir asks the server where its files are.
func shareDir(ctx context.Context, path string) (string, error) {
	out, err := exec.CommandContext(ctx, path, "--no-defaults", "--verbose", "--help").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s where it is installed: %w", path, err)
	}
	match := basedirText.FindSubmatch(out)
	if match == nil {
		return "", fmt.Errorf("%s does not say where it is installed", path)
	}
	base := string(match[1])
	for _, dir := range []string{"share/mariadb", "share/mysql", "share"} {
		for _, family := range []string{"mariadb_", "mysql_"} {
			if _, err := os.Stat(filepath.Join(base, dir, family+bootstrapFiles[0])); err == nil {
				return filepath.Join(base, dir), nil
			}
		}
	}
	return "", fmt.Errorf("the files that MariaDB makes its system tables from are not in %s/share", base)
}
