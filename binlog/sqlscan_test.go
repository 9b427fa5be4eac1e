package binlog

import (
	"bytes"
	"slices"
	"testing"
)

// A statement falls into the tokens that the server's own lexer sees.
func TestScanner(t *testing.T) {
	t.Parallel()
	kinds := map[tokenKind]string{wordToken: "word", nameToken: "name", stringToken: "string", commentToken: "comment", markToken: "mark"}
	for _, tt := range []struct {
		name, query string
		mode        sqlMode
		want        []string
		broken      bool
	}{
		{name: "nothing", query: " \n\t"},
		{name: "words and marks", query: "a1=$b_,é", want: []string{"word a1", "mark =", "word $b_", "mark ,", "word é"}},
		{name: "comments", query: "a/* it's */b", want: []string{"word a", "comment  it's ", "word b"}},
		{name: "a hint", query: "SELECT /*+ x */ 1", want: []string{"word SELECT", "comment + x ", "word 1"}},
		{name: "lines", query: "a -- it's\nb# it's\nc --", want: []string{"word a", "word b", "word c"}},
		{name: "two minuses", query: "1--1", want: []string{"word 1", "mark -", "mark -", "word 1"}},
		{name: "versioned", query: "/*!50100a*/ /*!101100 b*/ /*!c /* d */ e*/ f", want: []string{"word a", "word b", "word c", "comment  d ", "word e", "word f"}},
		{name: "versioned, with a string", query: "/*! '*/' */ a", want: []string{"string */", "word a"}},
		{name: "MariaDB's, for MySQL", query: "/*M!100100 it's */ a", want: []string{"comment M!100100 it's ", "word a"}},
		{name: "MariaDB's", query: "/*M!100100 a */ b", mode: sqlMode{mariadb: true}, want: []string{"word a", "word b"}},
		{name: "names", query: "`a``b`.`c d`.select", want: []string{"name a`b", "mark .", "name c d", "mark .", "name select"}},
		{name: "strings", query: `'a''b\'c' "d'e"`, want: []string{`string a'b\'c`, "string d'e"}},
		{name: "no backslash escapes", query: `'a\' b`, mode: sqlMode{noBackslashEscapes: true}, want: []string{`string a\`, "word b"}},
		{name: "ANSI quotes", query: `"a""b\" c`, mode: sqlMode{ansiQuotes: true}, want: []string{`name a"b\`, "word c"}},
		{name: "a second byte like a backslash", query: "'\x83\x5c' a", mode: sqlMode{charset: "cp932"}, want: []string{"string \x83\x5c", "word a"}},
		{name: "one byte in the same set", query: "'\xb1' a", mode: sqlMode{charset: "cp932"}, want: []string{"string \xb1", "word a"}},
		{name: "a second byte like a quote", query: "\x81\x60 a", mode: sqlMode{charset: "gbk"}, want: []string{"word \x81\x60", "word a"}},
		{name: "the same in UTF-8", query: "'é\\' a", mode: sqlMode{charset: "utf8mb4"}, want: []string{"string é\\' a"}, broken: true},
		{name: "a string without an end", query: "a 'b", want: []string{"word a", "string b"}, broken: true},
		{name: "a comment without an end", query: "a /* b", want: []string{"word a"}, broken: true},
		{name: "a versioned one without an end", query: "/*! a", want: []string{"word a"}, broken: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := scanner{query: []byte(tt.query), mode: tt.mode}
			var got []string
			for tok := s.next(); tok.kind != endToken; tok = s.next() {
				got = append(got, kinds[tok.kind]+" "+string(tok.text))
			}
			if !slices.Equal(got, tt.want) || s.broken != tt.broken {
				t.Errorf("got %q, broken %t, want %q, %t", got, s.broken, tt.want, tt.broken)
			}
		})
	}
}

// FuzzScanner has each token take bytes of the statement, so that there is an end,
// and has a comment in front change nothing else.
func FuzzScanner(f *testing.F) {
	f.Add([]byte("ALTER TABLE `a``b`.c /*!50100 DROP /* x */ PARTITION */ p0 -- 'y\n, COMMENT 'z\\''"), false, false, false, "")
	f.Add([]byte("\"\x83\x5c\" # \n/*M! '*/"), true, true, true, "sjis")
	f.Fuzz(func(t *testing.T, query []byte, backslashes, ansi, mariadb bool, charset string) {
		mode := sqlMode{noBackslashEscapes: !backslashes, ansiQuotes: ansi, mariadb: mariadb, charset: charset}
		s := scanner{query: query, mode: mode}
		for at := 0; s.next().kind != endToken; at = s.at {
			if s.at <= at || s.at > len(query) {
				t.Fatalf("%q: from %d to %d", query, at, s.at)
			}
		}
		plain, ok := tokensOf(query, mode)
		commented, okToo := tokensOf(append([]byte("/* it's */ -- \"\n"), query...), mode)
		same := slices.EqualFunc(plain, commented, func(a, b sqlToken) bool { return a.kind == b.kind && bytes.Equal(a.text, b.text) })
		if !same || ok != okToo {
			t.Errorf("%q: a comment in front makes %q of %q", query, commented, plain)
		}
		d := ddlOf(plain, namesIn{current: "shop"})
		d.tables()
		d.vanished()
		d.unlogged()
		d.filled()
	})
}
