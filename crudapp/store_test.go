package crudapp_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"telltale/crudapp"
)

// memory is a crudapp.Store of maps.
type memory struct {
	// beforeUpdate, if set, runs at the start of UpdateDetails, as another
	// writer who is quicker.
	beforeUpdate func()
	// orderWaits has an order of each customer's wait to be paid.
	orderWaits bool

	mu        sync.Mutex
	customers map[uint64]crudapp.Customer
	hashes    map[uint64]string
	sessions  map[crudapp.TokenHash]crudapp.Session
	signIns   []crudapp.SignedIn
	closed    []crudapp.CustomerClosing
	touches   int
}

func newMemory() *memory {
	return &memory{
		customers: map[uint64]crudapp.Customer{}, hashes: map[uint64]string{},
		sessions: map[crudapp.TokenHash]crudapp.Session{},
	}
}

func (m *memory) CreateCustomer(_ context.Context, c crudapp.Customer, hash string) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.taken(c.Email, 0) {
		return 0, crudapp.ErrEmailTaken
	}
	c.ID = uint64(len(m.customers) + 1)
	m.customers[c.ID], m.hashes[c.ID] = c, hash
	return c.ID, nil
}

func (m *memory) taken(email string, by uint64) bool {
	for _, c := range m.customers {
		if c.Email == email && c.ID != by {
			return true
		}
	}
	return false
}

func (m *memory) Customer(_ context.Context, id uint64) (crudapp.Customer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.customers[id]
	if !ok {
		return crudapp.Customer{}, crudapp.ErrNotFound
	}
	return c, nil
}

func (m *memory) CustomerByEmail(_ context.Context, email string) (crudapp.Customer, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, c := range m.customers {
		if c.Email == email {
			return c, m.hashes[id], nil
		}
	}
	return crudapp.Customer{}, "", crudapp.ErrNotFound
}

func (m *memory) UpdateDetails(_ context.Context, u crudapp.DetailsUpdate) (bool, error) {
	if m.beforeUpdate != nil {
		m.beforeUpdate()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.customers[u.ID]
	if c.Version != u.Version {
		return false, nil
	}
	if m.taken(u.Details.Email, u.ID) {
		return false, crudapp.ErrEmailTaken
	}
	c.Details, c.UpdatedAt = u.Details, u.At
	c.Version++
	m.customers[u.ID] = c
	return true, nil
}

func (m *memory) ReplacePasswordHash(_ context.Context, id uint64, old, replacement string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hashes[id] == old {
		m.hashes[id] = replacement
	}
	return nil
}

func (m *memory) CreateSession(_ context.Context, s crudapp.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[s.TokenHash] = s
	return nil
}

func (m *memory) CreateSignIn(ctx context.Context, s crudapp.Session, in crudapp.SignedIn) error {
	if err := m.CreateSession(ctx, s); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in.ID = uint64(len(m.signIns) + 1)
	m.signIns = append(m.signIns, in)
	return nil
}

func (m *memory) SignIns(_ context.Context, customerID uint64, limit int) ([]crudapp.SignedIn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []crudapp.SignedIn
	for _, in := range slices.Backward(m.signIns) {
		if in.CustomerID == customerID && len(found) < limit {
			found = append(found, in)
		}
	}
	return found, nil
}

func (m *memory) Session(_ context.Context, hash crudapp.TokenHash) (crudapp.Session, crudapp.Customer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[hash]
	if !ok {
		return crudapp.Session{}, crudapp.Customer{}, crudapp.ErrNotFound
	}
	return s, m.customers[s.CustomerID], nil
}

func (m *memory) TouchSession(_ context.Context, hash crudapp.TokenHash, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[hash]
	s.LastSeenAt = at
	m.sessions[hash] = s
	m.touches++
	return nil
}

func (m *memory) DeleteSession(_ context.Context, hash crudapp.TokenHash) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, hash)
	return nil
}

func (m *memory) DeleteExpiredSessions(_ context.Context, now, idleSince time.Time, limit int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for hash, s := range m.sessions {
		if limit > 0 && (!now.Before(s.ExpiresAt) || !idleSince.Before(s.LastSeenAt)) {
			delete(m.sessions, hash)
			limit--
		}
	}
	return nil
}

// plain is crudapp.Passwords without the cost. It records what it verified.
type plain struct {
	// prefix stands for the cost: hashes with another one are stale.
	prefix string
	// err, if set, is what every call returns.
	err error

	mu       sync.Mutex
	verified []string
}

func (p *plain) Hash(_ context.Context, password string) (string, error) {
	return p.prefix + password, p.err
}

func (p *plain) Verify(_ context.Context, hash, password string) (match, stale bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.verified = append(p.verified, hash)
	if p.err != nil || hash == "" {
		return false, false, p.err
	}
	return hash[1:] == password, hash[:1] != p.prefix, nil
}

func (m *memory) Customers(_ context.Context, q crudapp.CustomerQuery) ([]crudapp.Customer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []crudapp.Customer
	for _, id := range slices.Sorted(maps.Keys(m.customers)) {
		c := m.customers[id]
		if id > q.After && len(found) < q.Limit && (strings.Contains(c.Name, q.Text) || strings.Contains(c.Email, q.Text)) {
			found = append(found, c)
		}
	}
	return found, nil
}

func (m *memory) CloseCustomer(_ context.Context, closing crudapp.CustomerClosing) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.customers[closing.ID]
	if !ok {
		return false, crudapp.ErrNotFound
	}
	if closing.Version != 0 && closing.Version != c.Version {
		return false, nil
	}
	if m.orderWaits {
		return false, crudapp.ErrOrderWaits
	}
	delete(m.customers, c.ID)
	m.closed = append(m.closed, closing)
	maps.DeleteFunc(m.sessions, func(_ crudapp.TokenHash, s crudapp.Session) bool { return s.CustomerID == c.ID })
	return true, nil
}
