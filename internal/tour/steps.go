package tour

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// The addresses of the customer who registers as Bob.
const (
	firstEmail  = "bob@example.com"
	secondEmail = "dora@example.com"
)

// register: the shop is all that a customer sees of it.
func (s *Story) register(ctx context.Context) error {
	w := want{
		ops:    []string{"c"},
		events: []wantEvent{{"CustomerRegistered", map[string]any{"name": "Bob", "email": firstEmail}}},
		mails:  []string{firstEmail},
	}
	return s.observeBob(ctx, w, func(ctx context.Context) error {
		c, err := s.bob.register(ctx, "Bob", firstEmail)
		if err != nil {
			return err
		}
		s.id = c.ID
		s.diary.set(c.ID, s.bob.by(0), "name", c.Name, "email", c.Email, "country", c.Country)
		s.did("POST /api/customers: 201, customer %d", c.ID)
		return nil
	})
}

// twoTabs: optimistic locking lets one of two changes from one version win, and
// what the other wanted never happened.
func (s *Story) twoTabs(ctx context.Context) error {
	if s.id == 0 {
		return errNoBob
	}
	w := want{
		ops:    []string{"u"},
		events: []wantEvent{{"CustomerNameChanged", map[string]any{"old_name": "Bob", "new_name": "Alice"}}},
		mails:  []string{firstEmail},
	}
	return s.observeBob(ctx, w, func(ctx context.Context) error {
		one, err := s.bob.load(ctx)
		if err != nil {
			return err
		}
		other, err := s.bob.load(ctx)
		if err != nil {
			return err
		}
		s.did("two tabs GET /api/customers/me: version %d and version %d", one.Version, other.Version)
		one.Name, other.Name = "Alice", "Jim"
		if err := s.saved(ctx, one); err != nil {
			return err
		}
		return s.refused(ctx, other, "Alice")
	})
}

// saved sends a form that must be taken.
func (s *Story) saved(ctx context.Context, c customer) error {
	_, _, status, err := s.bob.save(ctx, c)
	if err != nil {
		return err
	}
	s.did("PUT name %q from version %d: %d", c.Name, c.Version, status)
	if status != http.StatusOK {
		return fmt.Errorf("save %q from version %d: status %d, want 200", c.Name, c.Version, status)
	}
	s.diary.set(c.ID, s.bob.by(c.ID), "name", c.Name, "email", c.Email)
	if c.Phone != nil {
		s.diary.set(c.ID, s.bob.by(c.ID), "phone", *c.Phone)
	}
	return nil
}

// refused sends a form that must be answered with both values.
func (s *Story) refused(ctx context.Context, c customer, stored string) error {
	_, lost, status, err := s.bob.save(ctx, c)
	if err != nil {
		return err
	}
	s.did("PUT name %q from version %d: %d, yours %q, stored %q", c.Name, c.Version, status, lost.Yours.Name, lost.Stored.Name)
	if status != http.StatusConflict || lost.Yours.Name != c.Name || lost.Stored.Name != stored {
		return fmt.Errorf("save %q from an old version: status %d, yours %q, stored %q; want 409, yours %q, stored %q",
			c.Name, status, lost.Yours.Name, lost.Stored.Name, c.Name, stored)
	}
	return nil
}

// sqlShell: a row changed by hand counts as much.
func (s *Story) sqlShell(ctx context.Context) error {
	if s.id == 0 {
		return errNoBob
	}
	w := want{
		ops:    []string{"u"},
		events: []wantEvent{{"CustomerNameChanged", map[string]any{"old_name": "Alice", "new_name": "Carol"}}},
		mails:  []string{firstEmail},
	}
	return s.observeBob(ctx, w, func(ctx context.Context) error {
		s.diary.set(s.id, origin{}, "name", "Carol")
		return s.execute(ctx, fmt.Sprintf("UPDATE customers SET name = 'Carol' WHERE id = %d", s.id))
	})
}

// execute runs statements in one session of the SQL shell.
func (s *Story) execute(ctx context.Context, statements ...string) error {
	conn, err := s.world.shell.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open a SQL shell: %w", err)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("run %q in the SQL shell: %w", statement, err), conn.Close())
		}
		s.did("%s;", statement)
	}
	return conn.Close()
}

// oneForm: one row change, several events, in the order of the rules. The mail
// about the name still goes to the old address, that about the phone to the new
// one, and the change of the address is told to both.
func (s *Story) oneForm(ctx context.Context) error {
	if s.id == 0 {
		return errNoBob
	}
	const phone = "+49 30 1234567"
	w := want{
		ops: []string{"u"},
		events: []wantEvent{
			{"CustomerNameChanged", map[string]any{"old_name": "Carol", "new_name": "Dora"}},
			{"CustomerEmailChanged", map[string]any{"old_email": firstEmail, "new_email": secondEmail}},
			{"CustomerPhoneChanged", map[string]any{"new_phone": phone}},
		},
		mails: []string{firstEmail, firstEmail, secondEmail, secondEmail},
	}
	return s.observeBob(ctx, w, func(ctx context.Context) error {
		c, err := s.bob.load(ctx)
		if err != nil {
			return err
		}
		number := phone
		c.Name, c.Email, c.Phone = "Dora", secondEmail, &number
		return s.saved(ctx, c)
	})
}

// nothing: a transaction that was taken back, an update that changes nothing,
// and one that no rule is about. Only the last is a row change at all.
func (s *Story) nothing(ctx context.Context) error {
	if s.id == 0 {
		return errNoBob
	}
	return s.observeBob(ctx, want{ops: []string{"u"}}, func(ctx context.Context) error {
		return s.execute(ctx,
			"BEGIN",
			fmt.Sprintf("UPDATE customers SET name = 'Nobody' WHERE id = %d", s.id),
			"ROLLBACK",
			fmt.Sprintf("UPDATE customers SET name = name WHERE id = %d", s.id),
			fmt.Sprintf("UPDATE customers SET updated_at = updated_at + INTERVAL 1 SECOND WHERE id = %d", s.id),
		)
	})
}
