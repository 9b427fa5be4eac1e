package binlog

import (
	"bytes"
	"net/url"
	"unicode/utf8"

	"telltale/schemas/change"
)

// contextKeys are what is taken from a statement's comment; the rest of it, and
// the statement itself, are never published (I12).
var contextKeys = []string{change.ContextActor, change.ContextRequestID, change.ContextTraceparent}

// maxContext is the longest value taken from a comment, in bytes.
const maxContext = 256

// appendContext appends the envelope's member for the origin that a statement's
// comment names, in the form of sqlcommenter
// (https://google.github.io/sqlcommenter/spec/): key='value' pairs, both
// URL-encoded, separated by commas. It appends nothing where there is none.
func appendContext(dst, query []byte, noBackslashEscapes bool) ([]byte, error) {
	comment := lastComment(query, noBackslashEscapes)
	if comment == nil {
		return dst, nil
	}
	start := len(dst)
	for _, key := range contextKeys {
		value, ok := commentValue(comment, key)
		if !ok {
			continue
		}
		if len(dst) == start {
			dst = append(dst, `,"context":{`...)
		} else {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, key...)
		dst = append(dst, '"', ':')
		var err error
		if dst, err = appendString(dst, []byte(value)); err != nil {
			return dst, err
		}
	}
	if len(dst) > start {
		dst = append(dst, '}')
	}
	return dst, nil
}

// lastComment finds the statement's last comment that is no part of a string or
// a quoted name: what a person typed into a form must not pass for the
// application's own comment.
func lastComment(query []byte, noBackslashEscapes bool) []byte {
	if !bytes.Contains(query, []byte("/*")) { // Most statements have none, and are long.
		return nil
	}
	var last []byte
	for i := 0; i < len(query); {
		switch c := query[i]; {
		case c == '\'' || c == '"':
			i = skipQuoted(query, i, noBackslashEscapes)
		case c == '`':
			i = skipQuoted(query, i, true)
		case c == '#', c == '-' && bytes.HasPrefix(query[i:], []byte("-- ")):
			end := bytes.IndexByte(query[i:], '\n')
			if end < 0 {
				return last
			}
			i += end + 1
		case c == '/' && bytes.HasPrefix(query[i:], []byte("/*")):
			end := bytes.Index(query[i+2:], []byte("*/"))
			if end < 0 {
				return last
			}
			last = query[i+2 : i+2+end]
			i += end + 4
		default:
			i++
		}
	}
	return last
}

// skipQuoted returns the index behind the quoted text that begins at i.
func skipQuoted(query []byte, i int, noBackslashEscapes bool) int {
	quote := query[i]
	for i++; i < len(query); i++ {
		switch {
		case query[i] == '\\' && !noBackslashEscapes:
			i++
		case query[i] == quote && i+1 < len(query) && query[i+1] == quote:
			i++
		case query[i] == quote:
			return i + 1
		}
	}
	return len(query)
}

// commentValue finds key='value' in a comment. A value that is not well formed,
// too long or not text does not count.
func commentValue(comment []byte, key string) (string, bool) {
	for pair := range bytes.SplitSeq(comment, []byte(",")) {
		k, v, ok := bytes.Cut(bytes.TrimSpace(pair), []byte("="))
		if !ok || string(bytes.TrimSpace(k)) != key {
			continue
		}
		v = bytes.TrimSpace(v)
		if len(v) < 2 || v[0] != '\'' || v[len(v)-1] != '\'' {
			return "", false
		}
		value, err := url.PathUnescape(string(v[1 : len(v)-1]))
		if err != nil || len(value) > maxContext || !utf8.ValidString(value) || value == "" {
			return "", false
		}
		return value, true
	}
	return "", false
}
