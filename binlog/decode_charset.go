package binlog

import (
	"fmt"
	"unicode/utf8"

	"telltale/binlog/charset"
)

// appendCharset appends text of a character set that is not UTF-8. meta is the
// width of the length before it.
func appendCharset(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := sized(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	dst, err = appendConverted(dst, v, c.charset)
	return dst, n, err
}

// appendConverted appends text as a JSON string. What is no character of its
// set, or not a whole one, is an error, never replaced (I6).
func appendConverted(dst, s []byte, set *charset.Charset) ([]byte, error) {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, n := set.Next(s[i:])
		switch {
		case n == 0:
			return dst, fmt.Errorf("byte %d of %d begins no character of %s: %w", i, len(s), set.Name(), errCharacter)
		case r >= utf8.RuneSelf:
			dst = utf8.AppendRune(dst, r)
		case plainJSON[r]:
			dst = append(dst, byte(r))
		default:
			dst = appendEscape(dst, byte(r))
		}
		i += n
	}
	return append(dst, '"'), nil
}
