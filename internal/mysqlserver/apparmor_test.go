package mysqlserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfined(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
		path  string
		want  bool
	}{
		{
			name:  "Ubuntu's package",
			files: map[string]string{apparmorEnabled: "Y\n", apparmorProfile: ""},
			path:  apparmorProgram,
			want:  true,
		},
		{
			name:  "profile disabled",
			files: map[string]string{apparmorEnabled: "Y\n", apparmorProfile: "", apparmorDisabled: ""},
			path:  apparmorProgram,
		},
		{name: "no profile", files: map[string]string{apparmorEnabled: "Y\n"}, path: apparmorProgram},
		{name: "AppArmor off", files: map[string]string{apparmorEnabled: "N\n", apparmorProfile: ""}, path: apparmorProgram},
		{name: "no AppArmor", files: map[string]string{apparmorProfile: ""}, path: apparmorProgram},
		{
			name:  "another program",
			files: map[string]string{apparmorEnabled: "Y\n", apparmorProfile: "", "/opt/mysqld": ""},
			path:  "/opt/mysqld",
		},
		{name: "no program", files: map[string]string{apparmorEnabled: "Y\n", apparmorProfile: ""}, path: "/usr/bin/mysqld"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(root, apparmorProgram), "")
			for name, text := range tt.files {
				write(t, filepath.Join(root, name), text)
			}
			err = confined(filepath.Join(root, tt.path), root)
			if (err != nil) != tt.want {
				t.Fatalf("got %v, want an error: %t", err, tt.want)
			}
			if tt.want && !strings.Contains(err.Error(), "apparmor_parser -R "+apparmorProfile) {
				t.Errorf("got %q, want the command that lifts it", err)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
