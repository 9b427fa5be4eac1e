package payment

import (
	"crypto/sha256"
	"encoding/binary"
)

// Request tells a request from others and recognizes it when it comes again.
type Request struct {
	// Key was chosen by who sent the request; see order.ValidKey.
	Key string
	// Hash is made from all that was asked for.
	Hash [sha256.Size]byte
}

// newRequest returns the request that asks for the parts under key. No two lists of
// parts are taken for one another.
func newRequest(key string, parts ...string) Request {
	hash := sha256.New()
	for _, part := range parts {
		// Writing to a hash never fails.
		_ = binary.Write(hash, binary.BigEndian, uint64(len(part)))
		hash.Write([]byte(part))
	}
	r := Request{Key: key}
	hash.Sum(r.Hash[:0])
	return r
}
