// Package argon2id hashes passwords with Argon2id, a few at a time.
package argon2id

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"runtime"
	"time"

	"golang.org/x/crypto/argon2"

	"telltale/crudapp"
)

const (
	saltBytes = 16
	keyBytes  = 32

	// DefaultWait is the default of Options.Wait.
	DefaultWait = 10 * time.Second
)

// Params is what a hash costs.
type Params struct {
	// Memory in KiB.
	Memory uint32
	// Time is the number of passes over the memory.
	Time uint32
	// Threads is the number of lanes.
	Threads uint8
}

// Recommended returns what OWASP asks for at least: 19 MiB and two passes, some
// 20 ms of one core.
func Recommended() Params {
	return Params{Memory: 19456, Time: 2, Threads: 1}
}

// Options are the settings of a Hasher.
type Options struct {
	// Params is the cost of new hashes. The zero value means Recommended.
	Params Params
	// Parallel is how many hashes are computed at once, which bounds the memory
	// in use to Parallel × Params.Memory. 0 means one for each processor.
	Parallel int
	// Wait is how long a caller queues for its turn before it is refused with
	// crudapp.CodeUnavailable. 0 means DefaultWait.
	Wait time.Duration
}

// Hasher implements crudapp.Passwords. It may be used by several goroutines at
// once.
type Hasher struct {
	params Params
	wait   time.Duration
	turns  chan struct{}
	// nobody is a well-formed hash with the current cost that no password has.
	nobody phc
}

// New returns a Hasher.
func New(o Options) *Hasher {
	if o.Params == (Params{}) {
		o.Params = Recommended()
	}
	if o.Parallel == 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	if o.Wait == 0 {
		o.Wait = DefaultWait
	}
	return &Hasher{
		params: o.Params, wait: o.Wait, turns: make(chan struct{}, o.Parallel),
		nobody: phc{params: o.Params, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)},
	}
}

// Hash returns the hash of password with a new salt, as a PHC string:
// "$argon2id$v=19$m=19456,t=2,p=1$salt$key".
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	// Read never fails: it ends the program where the system has no randomness.
	rand.Read(salt)
	key, err := h.derive(ctx, password, phc{params: h.params, salt: salt, key: make([]byte, keyBytes)})
	if err != nil {
		return "", err
	}
	return phc{params: h.params, salt: salt, key: key}.String(), nil
}

// Verify implements crudapp.Passwords. It returns an error for a hash that is
// not an Argon2id PHC string.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (match, stale bool, err error) {
	want := h.nobody
	if hash != "" {
		if want, err = parse(hash); err != nil {
			return false, false, err
		}
	}
	key, err := h.derive(ctx, password, want)
	if err != nil {
		return false, false, err
	}
	match = subtle.ConstantTimeCompare(key, want.key) == 1 && hash != ""
	return match, want.params != h.params, nil
}

// derive computes the key of password with the cost, salt and key length of
// like, when it is this caller's turn.
func (h *Hasher) derive(ctx context.Context, password string, like phc) ([]byte, error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { <-h.turns }()
	p := like.params
	return argon2.IDKey([]byte(password), like.salt, p.Time, p.Memory, p.Threads, uint32(len(like.key))), nil
}

func (h *Hasher) enter(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return &crudapp.Error{
			Code: crudapp.CodeUnavailable, Message: "Very many people are signing in. Please try again in a moment.",
			RetryAfter: h.wait,
		}
	}
}
