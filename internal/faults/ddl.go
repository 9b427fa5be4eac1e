package faults

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// alterations is how often a round alters its table.
const alterations = 40

// Alterations is a storm of DDL between the rows of one table.
func Alterations() Fault {
	return Fault{
		Name: "a storm of DDL",
		Doc: "A table was altered 40 times between its rows: columns were added, dropped, renamed, moved and given another type, and the table was exchanged for a copy as gh-ost does it. " +
			"Each row was published once, with the values under the names that they had when it was inserted.",
		Long:   true,
		Inject: alter,
	}
}

// altered is a table of whole numbers that is altered.
type altered struct {
	db      *sql.DB
	random  *rand.Rand
	columns []string // Beside the id.
	named   int      // Names that were given so far.
	rows    rows
}

func alter(ctx context.Context, w *World, random *rand.Rand, _ time.Duration) error {
	db, err := sql.Open("mysql", w.MySQL)
	if err != nil {
		return fmt.Errorf("open the shop's database as root: %w", err)
	}
	defer db.Close()
	// A table for each round: what rows of an earlier one had is not known.
	name := fmt.Sprintf("altered_%08x", random.Uint32())
	a := &altered{db: db, random: random, columns: []string{"c0"}, rows: rows{}}
	if err := a.exec(ctx, "CREATE TABLE shop."+name+" (id int AUTO_INCREMENT PRIMARY KEY, c0 int)"); err != nil {
		return err
	}
	for range alterations {
		for range 3 {
			if err := a.insert(ctx, "shop."+name); err != nil {
				return err
			}
		}
		if err := a.change(ctx, name); err != nil {
			return err
		}
	}
	return w.awaitRows(ctx, name, a.rows)
}

func (a *altered) exec(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := a.db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// insert writes a row with a value in every column.
func (a *altered) insert(ctx context.Context, table string) error {
	row := map[string]int{}
	values := make([]string, len(a.columns))
	for i, c := range a.columns {
		row[c] = int(a.random.Int32())
		values[i] = fmt.Sprint(row[c])
	}
	statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(a.columns, ", "), strings.Join(values, ", "))
	r, err := a.db.ExecContext(ctx, statement)
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	id, err := r.LastInsertId()
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	row["id"] = int(id)
	a.rows[int(id)] = row
	return nil
}

// change alters the table in one way.
func (a *altered) change(ctx context.Context, name string) error {
	table, i := "shop."+name, a.random.IntN(len(a.columns))
	old := a.columns[i]
	a.named++
	fresh := fmt.Sprintf("c%d", a.named)
	switch a.random.IntN(6) {
	case 0:
		a.columns = append(a.columns, fresh)
		return a.exec(ctx, "ALTER TABLE "+table+" ADD COLUMN "+fresh+" int FIRST")
	case 1:
		if len(a.columns) == 1 {
			return nil
		}
		a.columns = slices.Delete(a.columns, i, i+1)
		return a.exec(ctx, "ALTER TABLE "+table+" DROP COLUMN "+old)
	case 2:
		a.columns[i] = fresh
		return a.exec(ctx, "ALTER TABLE "+table+" RENAME COLUMN "+old+" TO "+fresh)
	case 3:
		return a.exec(ctx, "ALTER TABLE "+table+" MODIFY COLUMN "+old+" bigint")
	case 4:
		return a.exec(ctx, "ALTER TABLE "+table+" MODIFY COLUMN "+old+" bigint FIRST")
	}
	return a.exec(ctx,
		"CREATE TABLE shop._"+name+"_gho LIKE "+table, "INSERT INTO shop._"+name+"_gho SELECT * FROM "+table,
		"RENAME TABLE "+table+" TO shop._"+name+"_del, shop._"+name+"_gho TO "+table, "DROP TABLE shop._"+name+"_del")
}
