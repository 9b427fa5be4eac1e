package binlog

import "bytes"

// sqlMode is how a session's statements are to be read. The zero value is that of
// a MySQL server's defaults, with a client whose characters hide no quotes.
type sqlMode struct {
	// noBackslashEscapes says that a backslash in a string is one.
	noBackslashEscapes bool
	// ansiQuotes says that double quotes enclose names.
	ansiQuotes bool
	// mariadb says that the server enters comments that begin with /*M! too.
	mariadb bool
	// charset is the client's character set, or empty where the events do not say.
	charset string
}

// wide reports whether a character of two bytes begins at i, in the character sets
// in which the second byte may look like a backslash or a quote.
func (m sqlMode) wide(query []byte, i int) bool {
	if i+1 >= len(query) || query[i+1] < 0x40 {
		return false
	}
	c := query[i]
	switch m.charset {
	case "big5":
		return 0xa1 <= c && c <= 0xf9
	case "gbk", "gb18030":
		return 0x81 <= c && c <= 0xfe
	case "sjis", "cp932":
		return 0x81 <= c && c <= 0x9f || 0xe0 <= c && c <= 0xfc
	}
	return false
}

// tokenKind is what a token of a statement is.
type tokenKind byte

const (
	endToken     tokenKind = iota // The statement is over.
	wordToken                     // A keyword, a number, or a name without quotes.
	nameToken                     // A name in quotes or behind a dot: never a keyword.
	stringToken                   // A literal.
	commentToken                  // A comment between /* and */ that the server passes over.
	markToken                     // Any other byte.
)

// sqlToken is a part of a statement.
type sqlToken struct {
	kind tokenKind
	// text is a name or a string without its quotes, its escapes left as they are,
	// and a comment without its marks.
	text []byte
}

// is reports whether the token is a keyword or a mark, given in capitals.
func (t sqlToken) is(word string) bool {
	return (t.kind == wordToken || t.kind == markToken) && len(t.text) == len(word) && bytes.EqualFold(t.text, []byte(word))
}

// scanner splits a statement as the server's own lexer does: versioned comments are
// entered, since a server blanks the mark of those that it did not execute before
// it logs them; comments up to the end of a line are passed over.
type scanner struct {
	query []byte
	mode  sqlMode
	at    int
	// entered says that at is inside of a versioned comment, and dotted that a dot
	// was the last token.
	entered, dotted bool
	// broken says that quotes or a comment had no end. No server logs that: it was
	// read otherwise there.
	broken bool
}

// next returns the next token. After the last it returns the zero value, for ever.
func (s *scanner) next() sqlToken {
	for s.at < len(s.query) {
		rest := s.query[s.at:]
		switch c := rest[0]; {
		case spaceByte(c):
			s.at++
		case s.entered && bytes.HasPrefix(rest, []byte("*/")):
			s.entered = false
			s.at += 2
		case c == '#', dashes(rest):
			s.line(rest)
		case bytes.HasPrefix(rest, []byte("/*")):
			if t, ok := s.comment(rest); ok {
				return t
			}
		default:
			return s.part(c)
		}
	}
	s.broken = s.broken || s.entered
	return sqlToken{}
}

// part is a token that is no comment and begins with c.
func (s *scanner) part(c byte) sqlToken {
	dotted := s.dotted
	s.dotted = c == '.'
	switch {
	case c == '`', c == '"' && s.mode.ansiQuotes:
		return sqlToken{nameToken, s.quoted(false)}
	case c == '\'', c == '"':
		return sqlToken{stringToken, s.quoted(!s.mode.noBackslashEscapes)}
	case wordByte(c):
		kind := wordToken
		if dotted {
			kind = nameToken
		}
		return sqlToken{kind, s.word()}
	}
	s.at++
	return sqlToken{markToken, s.query[s.at-1 : s.at]}
}

// line passes over a comment up to the end of its line.
func (s *scanner) line(rest []byte) {
	end := bytes.IndexByte(rest, '\n')
	if end < 0 {
		end = len(rest) - 1
	}
	s.at += end + 1
}

// comment reads a comment, or enters a versioned one: ok is false then.
func (s *scanner) comment(rest []byte) (t sqlToken, ok bool) {
	if n := s.opening(rest); n > 0 {
		s.entered = true
		s.at += n
		return sqlToken{}, false
	}
	end := bytes.Index(rest[2:], []byte("*/"))
	if end < 0 {
		s.broken = true
		s.at = len(s.query)
		return sqlToken{}, false
	}
	s.at += end + 4
	return sqlToken{commentToken, rest[2 : 2+end]}, true
}

// opening is how long the mark of a versioned comment is, with the five or six
// digits of the version, or 0 where the comment is another.
func (s *scanner) opening(rest []byte) int {
	n := len("/*!")
	switch {
	case bytes.HasPrefix(rest, []byte("/*!")):
	case s.mode.mariadb && bytes.HasPrefix(rest, []byte("/*M!")):
		n++
	default:
		return 0
	}
	digits := 0
	for digits < 6 && n+digits < len(rest) && '0' <= rest[n+digits] && rest[n+digits] <= '9' {
		digits++
	}
	if digits < 5 {
		return n
	}
	return n + digits
}

// quoted reads up to the closing quote and returns what stands between. A doubled
// quote is one of the text.
func (s *scanner) quoted(escapes bool) []byte {
	quote, from, doubled := s.query[s.at], s.at+1, false
	for i := from; i < len(s.query); i++ {
		switch c := s.query[i]; {
		case s.mode.wide(s.query, i), c == '\\' && escapes:
			i++
		case c != quote:
		case i+1 < len(s.query) && s.query[i+1] == quote:
			doubled = true
			i++
		default:
			s.at = i + 1
			if doubled {
				return bytes.ReplaceAll(s.query[from:i], []byte{quote, quote}, []byte{quote})
			}
			return s.query[from:i]
		}
	}
	s.broken = true
	s.at = len(s.query)
	return s.query[from:]
}

func (s *scanner) word() []byte {
	from := s.at
	for s.at < len(s.query) && wordByte(s.query[s.at]) {
		if s.mode.wide(s.query, s.at) {
			s.at++
		}
		s.at++
	}
	return s.query[from:s.at]
}

// dashes reports whether a comment begins with two dashes, behind which a space, a
// control character or the end must stand.
func dashes(rest []byte) bool {
	return bytes.HasPrefix(rest, []byte("--")) && (len(rest) == 2 || rest[2] <= ' ' || rest[2] == 0x7f)
}

func spaceByte(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// tokensOf splits a statement, comments left out. ok is false where it was read
// otherwise by the server.
func tokensOf(query []byte, mode sqlMode) (all []sqlToken, ok bool) {
	s := scanner{query: query, mode: mode}
	for t := s.next(); t.kind != endToken; t = s.next() {
		if t.kind != commentToken {
			all = append(all, t)
		}
	}
	return all, !s.broken
}
