package binlog

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// appendKeyText appends what stands in an image, in JSON, as Kafka Connect spells
// it in a key: characters beyond U+FFFF as two escapes, and escapes in capitals.
// Two keys are one to Kafka only where their bytes are the same, and by these a
// record's partition is chosen.
func appendKeyText(dst, text []byte) []byte {
	start := 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\\' && text[i+1] == 'u':
			dst = append(append(dst, text[start:i+2]...), bytes.ToUpper(text[i+2:i+6])...)
			i += 6
			start = i
		case c == '\\':
			i += 2
		case c >= 0xf0:
			r, n := utf8.DecodeRune(text[i:])
			high, low := utf16.EncodeRune(r)
			dst = fmt.Appendf(append(dst, text[start:i]...), `\u%04X\u%04X`, high, low)
			i += n
			start = i
		default:
			i++
		}
	}
	return append(dst, text[start:]...)
}
