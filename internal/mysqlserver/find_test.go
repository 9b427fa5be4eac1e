package mysqlserver_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telltale/internal/mysqlserver"
)

func TestFindNamedByEnvironment(t *testing.T) {
	tests := []struct {
		name    string
		flavor  mysqlserver.Flavor
		prints  string
		exit    string
		want    string
		wantErr string
	}{
		{name: "MySQL 9", prints: "/x/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", want: "9.7.4-2"},
		{name: "MySQL 8", prints: "/x/mysqld  Ver 8.0.46 for macos15 on arm64 (Homebrew)", want: "8.0.46"},
		{name: "oldest", prints: "mysqld  Ver 8.0.14 for Linux on x86_64", want: "8.0.14"},
		{name: "too old", prints: "mysqld  Ver 8.0.13 for Linux on x86_64", wantErr: "8.0.14 or newer is needed"},
		{name: "much too old", prints: "mysqld  Ver 5.7.44 for Linux on x86_64", wantErr: "8.0.14 or newer is needed"},
		{name: "MariaDB for MySQL", prints: "mariadbd  Ver 11.8.3-MariaDB for debian-linux-gnu", wantErr: "is MariaDB 11.8.3-MariaDB, and MySQL is needed here"},
		{name: "MariaDB", flavor: mysqlserver.MariaDB, prints: "mariadbd  Ver 10.11.18-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)", want: "10.11.18-MariaDB-0+deb12u1"},
		{name: "MariaDB too old", flavor: mysqlserver.MariaDB, prints: "mariadbd  Ver 10.6.25-MariaDB for Linux on x86_64", wantErr: "10.11.0 or newer is needed"},
		{name: "MySQL for MariaDB", flavor: mysqlserver.MariaDB, prints: "mysqld  Ver 9.7.4-2 for Linux on x86_64", wantErr: "is MySQL 9.7.4-2, and MariaDB is needed here"},
		{name: "something else", prints: "hello", wantErr: `is not a MySQL server: it prints "hello"`},
		{name: "does not run", prints: "no libaio", exit: "exit 127", wantErr: "does not run: exit status 127: no libaio"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := program(t, filepath.Join(t.TempDir(), "server"), tt.prints, tt.exit)
			flavor, env := mysqlserver.MySQL, mysqlserver.EnvBinary
			if tt.flavor == mysqlserver.MariaDB {
				flavor, env = mysqlserver.MariaDB, mysqlserver.EnvMariaDB
			}
			t.Setenv(env, path)
			got, err := mysqlserver.Find(t.Context(), mysqlserver.FindOptions{Flavor: tt.flavor, Tools: t.TempDir()})
			if tt.wantErr != "" {
				checkError(t, err, env, path, tt.wantErr)
				return
			}
			if want := (mysqlserver.Binary{Flavor: flavor, Path: path, Version: tt.want}); err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestFindMissingNamedByEnvironment(t *testing.T) {
	t.Setenv(mysqlserver.EnvBinary, "/no/such/mysqld")
	_, err := mysqlserver.Find(t.Context(), mysqlserver.FindOptions{Tools: t.TempDir()})
	checkError(t, err, mysqlserver.EnvBinary, "/no/such/mysqld")
}

func TestFindPassesOverWhatIsUnfit(t *testing.T) {
	bin, tools := t.TempDir(), t.TempDir()
	old := program(t, filepath.Join(bin, "mysqld"), "mysqld  Ver 5.7.44 for Linux on x86_64", "")
	program(t, filepath.Join(tools, "mysql", "bin", "mysqld"), "mysqld  Ver 9.7.4-2 for Linux on x86_64", "")
	t.Setenv(mysqlserver.EnvBinary, "")
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))

	var progress []string
	got, err := mysqlserver.Find(t.Context(), mysqlserver.FindOptions{
		Tools:    tools,
		Progress: func(line string) { progress = append(progress, line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Path == old {
		t.Errorf("got %s, which is too old", got.Path)
	}
	if len(progress) == 0 || !strings.Contains(progress[0], old) {
		t.Errorf("progress: got %q, want it to say why %s is not used", progress, old)
	}
}

// TestFindPrefersPath: what the user has installed comes before what was
// fetched.
func TestFindPrefersPath(t *testing.T) {
	bin, tools := t.TempDir(), t.TempDir()
	want := program(t, filepath.Join(bin, "mysqld"), "mysqld  Ver 8.4.6 for Linux on x86_64", "")
	program(t, filepath.Join(tools, "mysql", "bin", "mysqld"), "mysqld  Ver 9.7.4-2 for Linux on x86_64", "")
	t.Setenv(mysqlserver.EnvBinary, "")
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	got, err := mysqlserver.Find(t.Context(), mysqlserver.FindOptions{Tools: tools})
	if err != nil || got.Path != want {
		t.Errorf("got %+v, %v, want %s", got, err, want)
	}
}

// program writes a script that prints a text, as a server its version.
func program(t *testing.T, path, prints, then string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho '" + prints + "'\n" + then + "\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func checkError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got %q, want it to contain %q", err, text)
		}
	}
}
