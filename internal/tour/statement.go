package tour

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// citizens is how many customers step 8 renames.
const citizens = 1000

// oneStatement renames many customers at once: one transaction, one row change
// and one event each.
func (s *Story) oneStatement(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, crashTime)
	defer cancel()
	if err := s.insertCitizens(ctx); err != nil {
		return err
	}
	const rename = "UPDATE customers SET name = CONCAT(name, ', renamed') WHERE email LIKE 'citizen-%'"
	if err := s.execute(ctx, rename); err != nil {
		return err
	}
	for _, p := range s.citizens {
		p.names = append(p.names, p.names[0]+", renamed")
		s.diary.set(p.ID, origin{}, "name", p.names[1])
	}
	if err := s.settle(ctx, s.citizens); err != nil {
		return err
	}
	return s.inOneTransaction()
}

// insertCitizens registers them by hand, since the shop would take a minute to
// hash their passwords.
func (s *Story) insertCitizens(ctx context.Context) error {
	var values []string
	var args []any
	for i := range citizens {
		values = append(values, "(?, ?, 'none', UTC_TIMESTAMP(6))")
		args = append(args, citizenEmail(i), citizenName(i))
	}
	statement := "INSERT INTO customers (email, name, password_hash, created_at) VALUES " + strings.Join(values, ", ")
	if _, err := s.world.shell.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("register %d customers by hand: %w", citizens, err)
	}
	s.did("INSERT INTO customers …, %d rows", citizens)
	rows, err := s.world.shell.QueryContext(ctx, "SELECT id, name, email, country FROM customers WHERE email LIKE 'citizen-%' ORDER BY id")
	if err != nil {
		return fmt.Errorf("read the ids of %d customers: %w", citizens, err)
	}
	defer rows.Close()
	for rows.Next() {
		p := &person{names: make([]string, 1)}
		if err := rows.Scan(&p.ID, &p.names[0], &p.Email, &p.Country); err != nil {
			return fmt.Errorf("read the ids of %d customers: %w", citizens, err)
		}
		s.diary.set(p.ID, origin{}, "name", p.names[0], "email", p.Email, "country", p.Country)
		s.citizens = append(s.citizens, p)
	}
	return rows.Err()
}

func citizenEmail(i int) string { return fmt.Sprintf("citizen-%d@example.com", i) }

func citizenName(i int) string { return fmt.Sprintf("Citizen %d", i) }

// inOneTransaction checks that the renames are of one transaction, where
// transactions have names.
func (s *Story) inOneTransaction() error {
	sight, _ := s.world.seen.look()
	transactions := map[string]int{}
	for _, c := range sight.changes {
		if c.Op == "u" && strings.HasSuffix(text(columns(c.After)["name"]), ", renamed") && text(columns(c.Before)["name"]) != text(columns(c.After)["name"]) {
			transactions[c.GTID]++
		}
	}
	if len(transactions) != 1 {
		return fmt.Errorf("the renames are of %d transactions, want 1", len(transactions))
	}
	for gtid, n := range transactions {
		if n != citizens {
			return errors.New("not all renames are of one transaction")
		}
		s.printf("   row      the %d renames are one transaction, %s\n", n, gtid)
	}
	return nil
}
