package direct

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// alteredPrefix begins the names of the tables that the load makes itself.
const alteredPrefix = "load_ddl_"

// GhostSuffix ends the name of a copy that is to take the place of such a table.
const GhostSuffix = "_gho"

// altered is a table of whole numbers that all workers alter, one at a time.
type altered struct {
	mu      sync.Mutex
	name    string
	columns []string // Beside the id.
	named   int      // Names that were given so far.
	rows    map[uint64]map[string]any
}

// rowsBetween is how many rows are inserted before each alteration.
const rowsBetween = 3

// alter inserts rows into the load's own table and alters it in one way.
func (t *transaction) alter(ctx context.Context) error {
	a := t.target.ddl
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.name == "" {
		a.name, a.columns, a.rows = alteredPrefix+t.run, []string{"c0"}, map[uint64]map[string]any{}
		if err := t.command(ctx, "CREATE TABLE "+a.name+" (id int AUTO_INCREMENT PRIMARY KEY, c0 int)"); err != nil {
			return err
		}
	}
	for range rowsBetween {
		if err := t.insertAltered(ctx, a); err != nil {
			return err
		}
	}
	return t.alterOnce(ctx, a)
}

// insertAltered writes a row with a value in every column.
func (t *transaction) insertAltered(ctx context.Context, a *altered) error {
	row := map[string]any{}
	values := make([]string, len(a.columns))
	for i, c := range a.columns {
		n := t.random.Int32()
		row[c], values[i] = n, fmt.Sprint(n)
	}
	id, err := t.insert(ctx, 1, origin{}, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", a.name, strings.Join(a.columns, ", "), strings.Join(values, ", ")))
	if err != nil {
		return err
	}
	row["id"] = id
	a.rows[id] = row
	return t.note(origin{}, a.name, nil, row)
}

// alterOnce changes the table in one way.
func (t *transaction) alterOnce(ctx context.Context, a *altered) error {
	i := t.random.IntN(len(a.columns))
	old := a.columns[i]
	a.named++
	fresh := fmt.Sprintf("c%d", a.named)
	alter := "ALTER TABLE " + a.name
	switch t.random.IntN(6) {
	case 0:
		a.columns = append(a.columns, fresh)
		a.each(func(row map[string]any) { row[fresh] = nil })
		return t.command(ctx, alter+" ADD COLUMN "+fresh+" int FIRST")
	case 1:
		if len(a.columns) == 1 {
			return nil
		}
		a.columns = slices.Delete(a.columns, i, i+1)
		a.each(func(row map[string]any) { delete(row, old) })
		return t.command(ctx, alter+" DROP COLUMN "+old)
	case 2:
		a.columns[i] = fresh
		a.each(func(row map[string]any) { row[fresh] = row[old]; delete(row, old) })
		return t.command(ctx, alter+" RENAME COLUMN "+old+" TO "+fresh)
	case 3:
		return t.command(ctx, alter+" MODIFY COLUMN "+old+" bigint")
	case 4:
		return t.command(ctx, alter+" MODIFY COLUMN "+old+" bigint FIRST")
	}
	return t.exchange(ctx, a)
}

// each changes what the rows are in the table; what was noted of them stays.
func (a *altered) each(f func(map[string]any)) {
	for _, row := range a.rows {
		f(row)
	}
}

// exchange puts a copy in the table's place, as gh-ost does.
func (t *transaction) exchange(ctx context.Context, a *altered) error {
	ghost, old := a.name+GhostSuffix, a.name+"_del"
	if err := t.command(ctx, "CREATE TABLE "+ghost+" LIKE "+a.name); err != nil {
		return err
	}
	if err := t.command(ctx, "INSERT INTO "+ghost+" SELECT * FROM "+a.name+" ORDER BY id"); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(a.rows)) {
		if err := t.note(origin{}, ghost, nil, a.rows[id]); err != nil {
			return err
		}
	}
	if err := t.command(ctx, "RENAME TABLE "+a.name+" TO "+old+", "+ghost+" TO "+a.name); err != nil {
		return err
	}
	return t.command(ctx, "DROP TABLE "+old)
}
