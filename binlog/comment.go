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
func appendContext(dst, query []byte, mode sqlMode) ([]byte, error) {
	comment := lastComment(query, mode)
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
func lastComment(query []byte, mode sqlMode) []byte {
	if !bytes.Contains(query, []byte("/*")) { // Most statements have none, and are long.
		return nil
	}
	var last []byte
	s := scanner{query: query, mode: mode}
	for t := s.next(); t.kind != endToken; t = s.next() {
		if t.kind == commentToken {
			last = t.text
		}
	}
	return last
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
