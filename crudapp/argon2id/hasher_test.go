package argon2id_test

import (
	"strings"
	"testing"

	"telltale/crudapp/argon2id"
)

// cheap keeps tests quick.
var cheap = argon2id.Params{Memory: 64, Time: 1, Threads: 1}

func TestHashIsVerified(t *testing.T) {
	t.Parallel()
	h := argon2id.New(argon2id.Options{})
	hash, err := h.Hash(t.Context(), "a few unusual words")
	if err != nil {
		t.Fatal(err)
	}
	if want := "$argon2id$v=19$m=19456,t=2,p=1$"; !strings.HasPrefix(hash, want) {
		t.Errorf("hash %q does not begin with %q", hash, want)
	}
	for password, want := range map[string]bool{
		"a few unusual words":  true,
		"a few unusual words ": false,
		"A few unusual words":  false,
		"":                     false,
	} {
		match, stale, err := h.Verify(t.Context(), hash, password)
		if err != nil || match != want || stale {
			t.Errorf("Verify(%q) = %v, %v, %v, want %v, false, nil", password, match, stale, err, want)
		}
	}
}

func TestHashesOfOnePasswordDiffer(t *testing.T) {
	t.Parallel()
	h := argon2id.New(argon2id.Options{Params: cheap})
	first, err := h.Hash(t.Context(), "the same")
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Hash(t.Context(), "the same")
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Errorf("two hashes are both %q", first)
	}
}

// TestVerifyForeignHash checks a hash that the reference implementation made.
func TestVerifyForeignHash(t *testing.T) {
	t.Parallel()
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	match, stale, err := argon2id.New(argon2id.Options{}).Verify(t.Context(), hash, "password")
	if err != nil || !match || !stale {
		t.Errorf("Verify = %v, %v, %v, want true, true, nil", match, stale, err)
	}
}

func TestNobodyHasAPassword(t *testing.T) {
	t.Parallel()
	h := argon2id.New(argon2id.Options{Params: cheap})
	for _, password := range []string{"", "password", strings.Repeat("\x00", 32)} {
		match, stale, err := h.Verify(t.Context(), "", password)
		if err != nil || match || stale {
			t.Errorf("Verify of the empty hash = %v, %v, %v, want false, false, nil", match, stale, err)
		}
	}
}

func TestVerifyRefusesOtherHashes(t *testing.T) {
	t.Parallel()
	const salt, key = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for name, hash := range map[string]string{
		"plain text":      "secret",
		"bcrypt":          "$2b$12$KIXQJ0l8d0xXo4oW",
		"argon2i":         "$argon2i$v=19$m=64,t=1,p=1$" + salt + "$" + key,
		"old version":     "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + key,
		"no lanes":        "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + key,
		"no passes":       "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + key,
		"all memory":      "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key,
		"for ever":        "$argon2id$v=19$m=64,t=4294967295,p=1$" + salt + "$" + key,
		"more parameters": "$argon2id$v=19$m=64,t=1,p=1,x=1$" + salt + "$" + key,
		"padded":          "$argon2id$v=19$m=64,t=1,p=1$" + salt + "==$" + key,
		"no key":          "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
		"leading zero":    "$argon2id$v=19$m=064,t=1,p=1$" + salt + "$" + key,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			match, _, err := argon2id.New(argon2id.Options{Params: cheap}).Verify(t.Context(), hash, "secret")
			if err == nil || match {
				t.Fatalf("Verify = %v, %v, want an error", match, err)
			}
			if strings.Contains(err.Error(), hash) {
				t.Errorf("the error tells the hash: %v", err)
			}
		})
	}
}
