// Package account makes the databases and the accounts with which the parts of
// the demo and of the tour reach their MySQL server: each may do what it needs
// and no more.
package account

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// DSNs are how each part reaches the server, in go-sql-driver's form.
type DSNs struct {
	// Shop is the application's: it owns the database shop.
	Shop string
	// Binlog is the reader's: it may replicate, and look at the shop's tables.
	Binlog string
	// Consumers is the consumers': they own the database telltale.
	Consumers string
	// Shell is for statements by hand, several at a time: it may read and write
	// the shop's rows.
	Shell string
}

// shell is the name of the account for statements by hand.
const shell = "shell"

// user is an account: its default database and its rights.
type user struct {
	name, database string
	grants         []string
}

func users() []user {
	return []user{
		{"shop", "shop", []string{"ALL ON shop.*"}},
		{"telltale_binlog", "", []string{"REPLICATION SLAVE, REPLICATION CLIENT ON *.*", "SELECT ON shop.*"}},
		{"telltale_consumers", "telltale", []string{"ALL ON telltale.*"}},
		{shell, "shop", []string{"SELECT, INSERT, UPDATE, DELETE ON shop.*"}},
	}
}

// Create makes what is missing through root's DSN. Passwords are new at every
// call, so that none has to be kept. Nothing of it is logged to the binlog: the
// accounts are no part of the shop's history.
func Create(ctx context.Context, root string) (DSNs, error) {
	config, err := mysql.ParseDSN(root)
	if err != nil {
		return DSNs{}, fmt.Errorf("parse the DSN of the demo's root account: %w", err)
	}
	db, err := sql.Open("mysql", root)
	if err != nil {
		return DSNs{}, fmt.Errorf("open the demo's MySQL: %w", err)
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return DSNs{}, fmt.Errorf("connect to the demo's MySQL: %w", err)
	}
	defer conn.Close()
	err = execute(ctx, conn, "SET sql_log_bin = 0",
		"CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4", "CREATE DATABASE IF NOT EXISTS telltale CHARACTER SET utf8mb4")
	if err != nil {
		return DSNs{}, err
	}
	var made []string
	for _, u := range users() {
		password := rand.Text()
		if err := u.create(ctx, conn, password); err != nil {
			return DSNs{}, err
		}
		own := config.Clone()
		own.User, own.Passwd, own.DBName = u.name, password, u.database
		own.MultiStatements = u.name == shell
		made = append(made, own.FormatDSN())
	}
	return DSNs{Shop: made[0], Binlog: made[1], Consumers: made[2], Shell: made[3]}, nil
}

func (u user) create(ctx context.Context, conn *sql.Conn, password string) error {
	statements := []string{
		fmt.Sprintf("CREATE USER IF NOT EXISTS '%s'@'%%'", u.name),
		fmt.Sprintf("ALTER USER '%s'@'%%' IDENTIFIED BY '%s'", u.name, password),
	}
	for _, g := range u.grants {
		statements = append(statements, fmt.Sprintf("GRANT %s TO '%s'@'%%'", g, u.name))
	}
	if err := execute(ctx, conn, statements...); err != nil {
		return fmt.Errorf("make the account %s: %w", u.name, err)
	}
	return nil
}

// execute runs the statements; an error does not show them, since one holds a
// password.
func execute(ctx context.Context, conn *sql.Conn, statements ...string) error {
	for i, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("prepare the demo's MySQL, statement %d: %w", i+1, err)
		}
	}
	return nil
}
