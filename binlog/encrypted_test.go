package binlog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telltale/internal/mysqlserver/mysqltest"
)

// A server decrypts its binlog files for who reads them over the wire, over
// restarts of the reader and under a new key. The test is not parallel: it tells
// by the environment which server is to be started.
func TestEncryptedBinlog(t *testing.T) {
	plugins := withKeyring(t, mysqltest.Binary(t).Path)
	h := newHarness(t, "--plugin-dir="+plugins, "--binlog-encryption=ON")
	h.exec(t, customers)
	h.start(t)
	h.exec(t, insert("a"), "ALTER INSTANCE ROTATE BINLOG MASTER KEY", insert("b"))
	h.published(t)
	h.mustStop(t)
	h.exec(t, insert("c"), "FLUSH BINARY LOGS", insert("d"))
	h.start(t)
	h.published(t)
	h.records(t, "customers", 4)
	h.mustStop(t)
	var base string
	if err := h.db.QueryRowContext(t.Context(), "SELECT @@log_bin_basename").Scan(&base); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(base + ".000001")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(file), "\xfdbin") {
		t.Errorf("the file begins with %q: it is not encrypted", file[:4])
	}
}

// withKeyring has servers be started with a keyring until the end of the test, and
// returns their folder of plugins. A server looks for the list of what it loads
// first beside its program: it gets another path to that.
func withKeyring(t *testing.T, program string) (plugins string) {
	t.Helper()
	root, from := t.TempDir(), "/"
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(string(text), "#!") { // A launcher of one that was fetched.
		from = filepath.Dir(filepath.Dir(program))
		program = "/bin/" + filepath.Base(program)
		writeFile(t, filepath.Join(root, program), string(text), 0o755)
		mirror(t, from, root, "bin", "usr")
		mirror(t, filepath.Join(from, "usr"), filepath.Join(root, "usr"), "sbin")
		mirror(t, filepath.Join(from, "usr/sbin"), filepath.Join(root, "usr/sbin"))
	} else {
		mirror(t, filepath.Dir(program), filepath.Join(root, filepath.Dir(program)))
	}
	const component = "component_keyring_file"
	libraries, err := filepath.Glob(filepath.Join(from, "usr/lib*/mysql/plugin", component+".so"))
	if err != nil || len(libraries) == 0 {
		t.Fatalf("no %s.so: %v", component, err)
	}
	plugins = filepath.Join(root, "plugins")
	mirror(t, filepath.Dir(libraries[0]), plugins)
	writeFile(t, filepath.Join(plugins, component+".cnf"), fmt.Sprintf(`{"path": %q, "read_only": false}`, filepath.Join(root, "keys")), 0o644)
	writeFile(t, filepath.Join(root, "usr/sbin/mysqld.my"), `{"components": "file://`+component+`"}`, 0o644)
	t.Setenv("TELLTALE_MYSQLD", filepath.Join(root, program))
	return plugins
}

// mirror has a folder hold links to what is in another, but for some.
func mirror(t *testing.T, from, to string, but ...string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if slices.Contains(but, e.Name()) {
			continue
		}
		if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
