// Package scripts holds the scripts that the binary carries with it, so that
// they work without a checkout.
package scripts

import _ "embed"

//go:embed fetch-frame.sh
var fetchFrame string

//go:embed fetch-debs.sh
var fetchDebs string

//go:embed fetch-mysql.sh
var fetchMySQL string

//go:embed fetch-mariadb.sh
var fetchMariaDB string

// FetchMySQL returns a bash script whose one argument is the folder that it
// unpacks a MySQL server into; bin/mysqld there starts it.
func FetchMySQL() string { return fetchFrame + fetchDebs + fetchMySQL }

// FetchMariaDB returns the same for MariaDB; bin/mariadbd there starts it.
func FetchMariaDB() string { return fetchFrame + fetchDebs + fetchMariaDB }
