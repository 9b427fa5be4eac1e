package mysqlserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Where AppArmor keeps whether it is on, and Ubuntu's profile of the server.
const (
	apparmorEnabled  = "/sys/module/apparmor/parameters/enabled"
	apparmorProfile  = "/etc/apparmor.d/usr.sbin.mysqld"
	apparmorDisabled = "/etc/apparmor.d/disable/usr.sbin.mysqld"
	apparmorProgram  = "/usr/sbin/mysqld"
)

// confined returns an error when AppArmor lets this program write to its
// packaged folders alone, as it does on Ubuntu: a data directory of ours would
// fail with nothing but "permission denied". Root is the file system's, "/".
func confined(path, root string) error {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil || resolved != filepath.Join(root, apparmorProgram) {
		return nil // A program that is not there is not confined.
	}
	enabled, err := os.ReadFile(filepath.Join(root, apparmorEnabled))
	if err != nil || strings.TrimSpace(string(enabled)) != "Y" {
		return nil // A kernel without AppArmor has no such file.
	}
	if !exists(filepath.Join(root, apparmorProfile)) || exists(filepath.Join(root, apparmorDisabled)) {
		return nil
	}
	return fmt.Errorf("%s is kept to its own folders by AppArmor; to lift that: sudo ln -s %s /etc/apparmor.d/disable/ && sudo apparmor_parser -R %[2]s",
		path, apparmorProfile)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
