package mysqlserver

import (
	"fmt"

	"telltale/scripts"
)

// Flavor says which of the two servers is meant.
type Flavor string

// The servers that this package runs.
const (
	MySQL   Flavor = "mysql"
	MariaDB Flavor = "mariadb"
)

// Environment variables that name the server program to use.
const (
	EnvBinary  = "TELLTALE_MYSQLD"
	EnvMariaDB = "TELLTALE_MARIADBD"
)

// product is what differs between the servers before one runs.
type product struct {
	flavor Flavor
	// name is for people, program the name of the executable, env the variable
	// that names it.
	name, program, env string
	// folders are where packages put the program, besides PATH.
	folders []string
	// oldest is the first version that will do.
	oldest [3]int
	// script unpacks one.
	script func() string
}

// product returns what is known of a flavor, of which the empty one is MySQL.
func (f Flavor) product() (product, error) {
	switch f {
	case MySQL, "":
		return product{
			flavor: MySQL, name: "MySQL", program: "mysqld", env: EnvBinary,
			folders: []string{
				"/usr/sbin", "/usr/libexec", "/usr/local/mysql/bin",
				"/opt/homebrew/opt/mysql/bin", "/usr/local/opt/mysql/bin",
			},
			oldest: [3]int{8, 0, 14}, // binlog_row_metadata=FULL is complete from there on.
			script: scripts.FetchMySQL,
		}, nil
	case MariaDB:
		return product{
			flavor: MariaDB, name: "MariaDB", program: "mariadbd", env: EnvMariaDB,
			folders: []string{
				"/usr/sbin", "/usr/libexec", "/usr/local/mariadb/bin",
				"/opt/homebrew/opt/mariadb/bin", "/usr/local/opt/mariadb/bin",
			},
			oldest: [3]int{10, 11, 0}, // The oldest that is still maintained.
			script: scripts.FetchMariaDB,
		}, nil
	}
	return product{}, fmt.Errorf("%q is no server that can be run here, but %q and %q are", string(f), string(MySQL), string(MariaDB))
}
