package translator

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// scanner walks JSON text without building values: a raw change has some eight
// hundred bytes of which the rules need a few. It accepts exactly the syntax of
// encoding/json, down to maxDepth, since what it returns is passed on unread.
type scanner struct {
	b []byte
	i int
	// escaped is whether the string that was read last has an escape.
	escaped bool
}

// maxDepth bounds the recursion on nested values. An image is flat.
const maxDepth = 200

var (
	errTruncated = errors.New("JSON ends too early")
	errTooDeep   = fmt.Errorf("JSON is nested more than %d deep", maxDepth)
)

func (s *scanner) syntax(want string) error {
	if s.i >= len(s.b) {
		return errTruncated
	}
	return fmt.Errorf("JSON has %q at byte %d, want %s", s.b[s.i], s.i, want)
}

// peek skips white space and returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.i < len(s.b) && s.b[s.i] > ' ' {
		return s.b[s.i]
	}
	return s.peekBehindSpace()
}

func (s *scanner) peekBehindSpace() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// enter steps into an object. Members follow by next.
func (s *scanner) enter() error {
	if s.peek() != '{' {
		return s.syntax("an object")
	}
	s.i++
	return nil
}

// next steps to the next member of the object that enter stepped into and
// returns its key; the caller then reads the value. ok is false behind the last
// member. first must be true on the first call for an object.
func (s *scanner) next(first bool) (key []byte, ok bool, err error) {
	switch c := s.peek(); {
	case c == '}':
		s.i++
		return nil, false, nil
	case !first && c == ',':
		s.i++
	case !first:
		return nil, false, s.syntax("a comma or the end of the object")
	}
	if s.peek() != '"' {
		return nil, false, s.syntax("a key")
	}
	key, err = s.name()
	if err != nil {
		return nil, false, err
	}
	if s.peek() != ':' {
		return nil, false, s.syntax("a colon")
	}
	s.i++
	return key, true, nil
}

// name reads a key. Keys are only looked up, never passed on, so that one which
// is not UTF-8 does no harm: it is not found.
func (s *scanner) name() ([]byte, error) {
	start := s.i
	if err := s.skipString(); err != nil {
		return nil, err
	}
	if s.escaped {
		return unquote(s.b[start:s.i], true)
	}
	return s.b[start+1 : s.i-1], nil
}

// value skips one value and returns its bytes as they stand.
func (s *scanner) value() ([]byte, error) {
	c := s.peek()
	start := s.i
	if err := s.skip(c, maxDepth); err != nil {
		return nil, err
	}
	return s.b[start:s.i], nil
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.peek(); s.i < len(s.b) {
		return s.syntax("the end")
	}
	return nil
}

func (s *scanner) skip(c byte, depth int) error {
	if depth == 0 {
		return errTooDeep
	}
	switch {
	case c == '"':
		return s.skipString()
	case c == '{':
		return s.skipObject(depth)
	case c == '[':
		return s.skipArray(depth)
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	case c == '-' || isDigit(c):
		return s.skipNumber()
	}
	return s.syntax("a value")
}

func (s *scanner) skipObject(depth int) error {
	s.i++
	for first := true; ; first = false {
		switch c := s.peek(); {
		case c == '}' && first:
			s.i++
			return nil
		case c != '"':
			return s.syntax("a key")
		}
		if err := s.skipString(); err != nil {
			return err
		}
		if s.peek() != ':' {
			return s.syntax("a colon")
		}
		s.i++
		if err := s.skip(s.peek(), depth-1); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.i++
		case '}':
			s.i++
			return nil
		default:
			return s.syntax("a comma or the end of the object")
		}
	}
}

func (s *scanner) skipArray(depth int) error {
	s.i++
	if s.peek() == ']' {
		s.i++
		return nil
	}
	for {
		if err := s.skip(s.peek(), depth-1); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.i++
		case ']':
			s.i++
			return nil
		default:
			return s.syntax("a comma or the end of the array")
		}
	}
}

func (s *scanner) literal(word string) error {
	for k := range len(word) {
		if s.i >= len(s.b) || s.b[s.i] != word[k] {
			return s.syntax(word)
		}
		s.i++
	}
	return nil
}

// skipString skips a string whose opening quote is next. Most strings hold
// nothing special for many bytes, so it looks at eight at a time.
func (s *scanner) skipString() error {
	s.escaped = false
	b, i := s.b, s.i+1
	for {
		for i+8 <= len(b) && !special(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
		}
		for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
			i++
		}
		s.i = i
		switch {
		case i >= len(b):
			return errTruncated
		case b[i] == '"':
			s.i++
			return nil
		case b[i] < ' ':
			return s.syntax("an escaped control character")
		}
		s.escaped = true
		s.i++
		if err := s.escape(); err != nil {
			return err
		}
		i = s.i + 1
	}
}

// special reports whether one of eight bytes is a quote, a backslash or a
// control character. Borrowing between bytes can raise a false alarm, which only
// ends the fast walk early.
func special(x uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, backslash := x^ones*'"', x^ones*'\\'
	return ((x-ones*' ')&^x|(quote-ones)&^quote|(backslash-ones)&^backslash)&highs != 0
}

// escape checks what follows a backslash and stops on its last byte.
func (s *scanner) escape() error {
	if s.i >= len(s.b) {
		return errTruncated
	}
	switch s.b[s.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			s.i++
			if s.i >= len(s.b) || !isHex(s.b[s.i]) {
				return s.syntax("four hexadecimal digits")
			}
		}
		return nil
	}
	return s.syntax("an escape")
}

// skipNumber follows the grammar of RFC 8259, section 6.
func (s *scanner) skipNumber() error {
	if s.b[s.i] == '-' {
		s.i++
	}
	switch {
	case s.i < len(s.b) && s.b[s.i] == '0':
		s.i++
	default:
		if err := s.digits(); err != nil {
			return err
		}
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if s.i < len(s.b) && (s.b[s.i] == 'e' || s.b[s.i] == 'E') {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		return s.digits()
	}
	return nil
}

// digits skips one digit or more.
func (s *scanner) digits() error {
	b, i := s.b, s.i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == s.i {
		return s.syntax("a digit")
	}
	s.i = i
	return nil
}

// text reads a string whose opening quote is next.
func (s *scanner) text() ([]byte, error) {
	start := s.i
	if err := s.skipString(); err != nil {
		return nil, err
	}
	return unquote(s.b[start:s.i], s.escaped)
}

// unquote returns the text of a valid JSON string, in place where it has no
// escape. Text that is not UTF-8 is an error: it would not arrive as it was
// stored (I6).
func unquote(raw []byte, escaped bool) ([]byte, error) {
	inner := raw[1 : len(raw)-1]
	if !utf8.Valid(inner) {
		return nil, errors.New("JSON string is not UTF-8")
	}
	if !escaped {
		return inner, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, err
	}
	return []byte(text), nil
}

// isNull reports whether raw is the JSON null.
func isNull(raw []byte) bool { return len(raw) == 4 && raw[0] == 'n' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
