// Package charset turns text in MySQL's character sets into Unicode, as the
// server does. Its tables were read from a server, because the sets differ in
// places from their namesakes elsewhere, and a dozen of them have none.
package charset

import (
	"compress/gzip"
	"embed"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

//go:embed tables
var tables embed.FS

// none stands in tables where no character has that code; it is none itself.
const none = 0xd800

// planes are how many codes each plane of a table has.
var planes = []int{1 << 8, 1 << 16, 1 << 16, fourByteCodes}

// fourByteCodes are the codes of four bytes in gb18030 that stand for
// characters of the basic plane.
const fourByteCodes = 39420

// Charset is a character set whose text is not UTF-8.
type Charset struct {
	name string
	next func(s []byte) (r rune, n int)
	// Characters by their code: those of one byte, of two, of two behind 0x8f,
	// and of four. A set has the first of them that it needs, the others are nil.
	one, two, three, four []uint16
}

// names are the sets with a table.
var names = []string{
	"armscii8", "ascii", "big5", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "cp932", "dec8",
	"eucjpms", "euckr", "gb18030", "gb2312", "gbk", "geostd8", "greek", "hebrew", "hp8", "keybcs2", "koi8r", "koi8u",
	"latin1", "latin2", "latin5", "latin7", "macce", "macroman", "sjis", "swe7", "tis620", "ujis",
}

// IsUTF8 reports whether the text of a set is UTF-8 as it stands.
func IsUTF8(name string) bool { return name == "utf8mb4" || name == "utf8mb3" || name == "utf8" }

// Find returns the set of a name, and nil where it is not known. Those that
// IsUTF8 are not among them.
func Find(name string) (*Charset, error) {
	c := &Charset{name: name}
	switch {
	case name == "ucs2":
		c.next = nextUCS2
	case name == "utf16":
		c.next = nextUTF16(binary.BigEndian)
	case name == "utf16le":
		c.next = nextUTF16(binary.LittleEndian)
	case name == "utf32":
		c.next = nextUTF32
	case slices.Contains(names, name):
		c.next = c.nextInTable
		if err := c.load(); err != nil {
			return nil, fmt.Errorf("read the table of character set %s: %w", name, err)
		}
	default:
		return nil, nil
	}
	return c, nil
}

// Name is the set's name in MySQL.
func (c *Charset) Name() string { return c.name }

// Next decodes the character that s begins with and returns how many bytes it
// takes, or 0 where s begins with none.
func (c *Charset) Next(s []byte) (r rune, n int) { return c.next(s) }

// Decode returns text in UTF-8. It fails where s is not text of the set.
func (c *Charset) Decode(s []byte) (string, error) {
	var out []byte
	for i := 0; i < len(s); {
		r, n := c.next(s[i:])
		if n == 0 {
			return "", fmt.Errorf("byte %d of %d begins no character of %s", i, len(s), c.name)
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return string(out), nil
}

// load reads the set's table: its planes as big-endian numbers, compressed.
func (c *Charset) load() error {
	f, err := tables.Open("tables/" + c.name + ".gz")
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return err
	}
	for i, plane := range []*[]uint16{&c.one, &c.two, &c.three, &c.four} {
		if len(b) == 0 {
			return nil
		}
		if len(b) < 2*planes[i] {
			return io.ErrUnexpectedEOF
		}
		*plane = make([]uint16, planes[i])
		for code := range *plane {
			(*plane)[code] = binary.BigEndian.Uint16(b[2*code:])
		}
		b = b[2*planes[i]:]
	}
	return nil
}

func (c *Charset) nextInTable(s []byte) (r rune, n int) {
	if len(s) == 0 {
		return 0, 0
	}
	if v := c.one[s[0]]; v != none {
		return rune(v), 1
	}
	if len(s) < 2 || c.two == nil {
		return 0, 0
	}
	if v := c.two[binary.BigEndian.Uint16(s)]; v != none {
		return rune(v), 2
	}
	switch {
	case len(s) >= 4 && c.four != nil:
		return c.nextOfFour(s)
	case len(s) >= 3 && c.three != nil && s[0] == 0x8f:
		if v := c.three[binary.BigEndian.Uint16(s[1:])]; v != none {
			return rune(v), 3
		}
	}
	return 0, 0
}

// nextOfFour decodes a code of four bytes. They count the codes of gb18030 with
// digits of 126 and 10 values in turn; the characters beyond the basic plane
// follow each other from 0x90308130 on.
func (c *Charset) nextOfFour(s []byte) (r rune, n int) {
	const supplementary = (0x90 - 0x81) * 12600
	for i, low := range []byte{0x81, 0x30, 0x81, 0x30} {
		if high := low + []byte{125, 9, 125, 9}[i]; s[i] < low || s[i] > high {
			return 0, 0
		}
	}
	code := int(s[0]-0x81)*12600 + int(s[1]-0x30)*1260 + int(s[2]-0x81)*10 + int(s[3]-0x30)
	switch {
	case code < fourByteCodes && c.four[code] != none:
		return rune(c.four[code]), 4
	case code >= supplementary && code < supplementary+0x100000:
		return rune(code - supplementary + 0x10000), 4
	}
	return 0, 0
}

func nextUCS2(s []byte) (r rune, n int) {
	if len(s) < 2 {
		return 0, 0
	}
	r = rune(binary.BigEndian.Uint16(s))
	if utf16.IsSurrogate(r) {
		return 0, 0
	}
	return r, 2
}

func nextUTF16(order binary.ByteOrder) func([]byte) (rune, int) {
	return func(s []byte) (r rune, n int) {
		if len(s) < 2 {
			return 0, 0
		}
		r = rune(order.Uint16(s))
		if !utf16.IsSurrogate(r) {
			return r, 2
		}
		if len(s) < 4 {
			return 0, 0
		}
		const replacement = '\ufffd'
		if r = utf16.DecodeRune(r, rune(order.Uint16(s[2:]))); r == replacement {
			return 0, 0
		}
		return r, 4
	}
}

func nextUTF32(s []byte) (r rune, n int) {
	if len(s) < 4 {
		return 0, 0
	}
	v := binary.BigEndian.Uint32(s)
	if v > 0x10ffff || utf16.IsSurrogate(rune(v)) {
		return 0, 0
	}
	return rune(v), 4
}
