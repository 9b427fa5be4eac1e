package crudapp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// tokenBytes gives a token 256 bits, far beyond guessing.
const tokenBytes = 32

// Token is the secret that a browser holds to prove that it is signed in:
// 256 random bits as unpadded base64url text.
type Token string

// newToken returns a fresh token.
func newToken() Token {
	var b [tokenBytes]byte
	// Read never fails: it ends the program where the system has no randomness.
	rand.Read(b[:])
	return Token(base64.RawURLEncoding.EncodeToString(b[:]))
}

// hash returns what is stored for t. A plain hash is enough, since a token,
// unlike a password, cannot be guessed; whoever reads the table cannot sign in.
// It returns false for a text that was never a token.
func (t Token) hash() (TokenHash, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(t))
	if err != nil || len(b) != tokenBytes {
		return TokenHash{}, false
	}
	return sha256.Sum256(b), true
}

// TokenHash is the SHA-256 of a token's 32 bytes.
type TokenHash [sha256.Size]byte

// Session is a customer's being signed in on one device.
type Session struct {
	TokenHash  TokenHash
	CustomerID uint64
	CreatedAt  time.Time
	// ExpiresAt is the absolute end, which activity does not move.
	ExpiresAt time.Time
	// LastSeenAt is when the session was last used, up to touchEvery late.
	LastSeenAt time.Time
}

// alive reports whether the session may still be used at now.
func (s Session) alive(now time.Time, idle time.Duration) bool {
	return now.Before(s.ExpiresAt) && now.Before(s.LastSeenAt.Add(idle))
}
