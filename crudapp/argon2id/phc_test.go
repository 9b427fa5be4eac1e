package argon2id

import "testing"

// FuzzParse: what is accepted is canonical and within bounds; nothing panics.
func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=1,t=1,p=1$$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=1,t=1,p=1")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parse(s)
		if err != nil {
			return
		}
		if got := p.String(); got != s {
			t.Errorf("parse(%q).String() = %q", s, got)
		}
		if p.params.Memory > maxMemory || p.params.Time > maxTime || p.params.Threads == 0 {
			t.Errorf("parse(%q) accepts %+v", s, p.params)
		}
	})
}
