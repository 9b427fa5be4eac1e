package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// Clerk is an account of the shop's staff.
type Clerk struct{ Email, Password string }

// clerk is the member of staff as whom all workers do what only staff may.
type clerk struct {
	Clerk
	target *Target
	// id is her row's, known once she has signed in.
	id uint64

	mu sync.Mutex
	// session is replaced and never changed.
	session []*http.Cookie
}

// open signs her in for the first time.
func (c *clerk) open(ctx context.Context) error {
	a, err := c.renew(ctx, nil)
	if err == nil && !a.ok() {
		err = fmt.Errorf("the shop answers %d (%s)", a.status, a.problem)
	}
	if err != nil {
		return fmt.Errorf("sign %s in as staff: %w", c.Email, err)
	}
	return nil
}

// current is her session.
func (c *clerk) current() []*http.Cookie {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// renew signs her in again, unless somebody else has done so since the session that
// has ended.
func (c *clerk) renew(ctx context.Context, ended []*http.Cookie) (answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.session, ended) {
		return answer{status: http.StatusOK}, nil
	}
	var shown struct {
		ID uint64 `json:"id"`
	}
	body := map[string]string{"email": c.Email, "password": c.Password}
	a, err := c.target.send(ctx, request{method: http.MethodPost, path: "/api/staff/session", body: body, into: &shown})
	if err == nil && a.ok() {
		c.session = a.cookies
		if c.id == 0 { // Others read it from then on.
			c.id = shown.ID
		}
	}
	return a, err
}
