// Package scripts holds the scripts that the binary carries with it, so that
// they work without a checkout.
package scripts

import _ "embed"

// FetchMySQL is fetch-mysql.sh, a bash script. Its one argument is the folder
// that it unpacks a MySQL server into; bin/mysqld there starts it.
//
//go:embed fetch-mysql.sh
var FetchMySQL string
