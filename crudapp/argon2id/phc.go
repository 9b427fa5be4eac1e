package argon2id

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// phc is a hash with everything needed to compute it again.
type phc struct {
	params Params
	salt   []byte
	key    []byte
}

// String returns the PHC string format.
func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.params.Memory, p.params.Time, p.params.Threads, b64.EncodeToString(p.salt), b64.EncodeToString(p.key))
}

// The limits of what parse accepts: a hash that somebody planted in the table
// cannot make a sign-in take all memory or for ever.
const (
	maxMemory = 1 << 20 // KiB, so 1 GiB.
	maxTime   = 64
	maxBytes  = 1024
)

// parse reads a PHC string. Its errors never contain the string.
func parse(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return phc{}, errors.New("parse a password hash: not an Argon2id PHC string")
	}
	if parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, fmt.Errorf("parse a password hash: the version of Argon2 is not %d", argon2.Version)
	}
	var p phc
	if err := p.parseParams(parts[3]); err != nil {
		return phc{}, err
	}
	var saltErr, keyErr error
	p.salt, saltErr = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	p.key, keyErr = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err := errors.Join(saltErr, keyErr); err != nil {
		return phc{}, errors.New("parse a password hash: salt and key are not base64")
	}
	// One hash has one text, so nothing that Sscanf overlooks gets through.
	if p.String() != s {
		return phc{}, errors.New("parse a password hash: not in canonical form")
	}
	if n := len(p.key); n < saltBytes || n > maxBytes || len(p.salt) > maxBytes {
		return phc{}, errors.New("parse a password hash: length of salt or key out of range")
	}
	return p, nil
}

func (p *phc) parseParams(s string) error {
	var m, t uint32
	var lanes uint8
	if _, err := fmt.Sscanf(s, "m=%d,t=%d,p=%d", &m, &t, &lanes); err != nil {
		return errors.New("parse a password hash: parameters are not m=…,t=…,p=…")
	}
	p.params = Params{Memory: m, Time: t, Threads: lanes}
	if m > maxMemory || t == 0 || t > maxTime || lanes == 0 {
		return fmt.Errorf("parse a password hash: parameters %+v out of range", p.params)
	}
	return nil
}
