package tour

import (
	"context"
)

// Carol's e-mail address, and the network addresses that she has.
const (
	carolEmail = "carol@example.com"
	carolHome  = "198.51.100.4"
	carolNew   = "203.0.113.9"
)

// signIns: a sign-in is a row of another table, in order with what else happens
// to the customer. Where it came from an address that was never seen for her,
// she hears of it.
func (s *Story) signIns(ctx context.Context) error {
	b := newBrowser(s.world.shopURL(), "carol")
	b.address = carolHome
	registers := want{
		ops:    []string{"c"},
		events: []wantEvent{{"CustomerRegistered", map[string]any{"name": "Carol", "email": carolEmail}}},
		mails:  []string{carolEmail},
	}
	err := s.observe(ctx, registers, func(ctx context.Context) (uint64, error) {
		c, err := b.register(ctx, "Carol", carolEmail)
		if err != nil {
			return 0, err
		}
		s.carol = c.ID
		s.diary.set(c.ID, b.by(0), "name", c.Name, "email", c.Email, "country", c.Country)
		s.did("POST /api/customers from %s: 201, customer %d", b.address, c.ID)
		return c.ID, nil
	})
	if err != nil {
		return err
	}
	b.address = carolNew
	w := want{
		ops:    []string{"c"},
		events: []wantEvent{{"CustomerSignedIn", map[string]any{"id": float64(s.carol), "address": carolNew}}},
		mails:  []string{carolEmail},
	}
	if err := s.observe(ctx, w, func(ctx context.Context) (uint64, error) { return s.carol, s.signIn(ctx, b) }); err != nil {
		return err
	}
	w.mails = nil // The address is known now.
	return s.observe(ctx, w, func(ctx context.Context) (uint64, error) { return s.carol, s.signIn(ctx, b) })
}

func (s *Story) signIn(ctx context.Context, b *browser) error {
	if err := b.signIn(ctx, carolEmail); err != nil {
		return err
	}
	s.diary.signedIn(s.carol, b.by(s.carol), b.address)
	s.did("POST /api/session from %s: 201", b.address)
	return nil
}
