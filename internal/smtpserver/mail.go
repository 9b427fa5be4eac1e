package smtpserver

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// Mail is a mail as a reader sees it: encoded words and transfer encodings
// decoded.
type Mail struct {
	// From is the From header, or the envelope's sender where there is none.
	From string
	// To are the envelope's recipients.
	To []string
	// Subject is empty where there is none.
	Subject string
	// MessageID is the Message-ID header without its angle brackets.
	MessageID string
	// Body is the text: of a multipart mail its first text/plain part, and
	// where there is none its first part.
	Body string
	// Headers are all header fields by canonical name.
	Headers map[string][]string
	// At is when the mail was accepted.
	At time.Time
}

func (m Mail) clone() Mail {
	m.To = slices.Clone(m.To)
	m.Headers = maps.Clone(m.Headers)
	for name, values := range m.Headers {
		m.Headers[name] = slices.Clone(values)
	}
	return m
}

// parse reads a mail and tells how many bytes it has.
func parse(r io.Reader) (m Mail, size int, err error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return Mail{}, 0, fmt.Errorf("read the mail: %w", err)
	}
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, 0, fmt.Errorf("read the mail's header: %w", err)
	}
	headers, err := decodeHeaders(message.Header)
	if err != nil {
		return Mail{}, 0, err
	}
	body, err := text(message.Header, message.Body)
	if err != nil {
		return Mail{}, 0, fmt.Errorf("read the mail's body: %w", err)
	}
	get := mail.Header(headers).Get
	return Mail{
		From:      get("From"),
		Subject:   get("Subject"),
		MessageID: strings.Trim(get("Message-Id"), "<> "),
		Body:      strings.ReplaceAll(body, "\r\n", "\n"),
		Headers:   headers,
	}, len(raw), nil
}

func decodeHeaders(header mail.Header) (map[string][]string, error) {
	decoder := new(mime.WordDecoder)
	decoded := make(map[string][]string, len(header))
	for name, values := range header {
		for _, value := range values {
			text, err := decoder.DecodeHeader(value)
			if err != nil {
				return nil, fmt.Errorf("decode the mail's %s: %w", name, err)
			}
			decoded[name] = append(decoded[name], text)
		}
	}
	return decoded, nil
}

// fields is what mail.Header and textproto.MIMEHeader share.
type fields interface {
	Get(name string) string
}

// text returns the text of a message or part.
func text(header fields, body io.Reader) (string, error) {
	kind, parameters, err := contentType(header)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(kind, "multipart/") {
		return partText(multipart.NewReader(body, parameters["boundary"]))
	}
	decoded, err := io.ReadAll(transferDecoder(header.Get("Content-Transfer-Encoding"), body))
	if err != nil {
		return "", err
	}
	return unicode(parameters["charset"], decoded)
}

// contentType returns text/plain where the header says nothing, as RFC 2045
// has it.
func contentType(header fields) (kind string, parameters map[string]string, err error) {
	value := header.Get("Content-Type")
	if value == "" {
		return "text/plain", nil, nil
	}
	kind, parameters, err = mime.ParseMediaType(value)
	if err != nil {
		return "", nil, fmt.Errorf("content type %q: %w", value, err)
	}
	return kind, parameters, nil
}

// partText returns the text of the first plain part, or of the first part.
func partText(parts *multipart.Reader) (string, error) {
	first, found := "", false
	for {
		// The raw part keeps its transfer encoding for text to decode.
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return first, nil
		}
		if err != nil {
			return "", err
		}
		kind, _, err := contentType(part.Header)
		if err != nil {
			return "", err
		}
		if found && kind != "text/plain" {
			continue
		}
		body, err := text(part.Header, part)
		if err != nil || kind == "text/plain" {
			return body, err
		}
		first, found = body, true
	}
}

func transferDecoder(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	default:
		return body
	}
}

// unicode converts from the few charsets that mails of today have.
func unicode(charset string, text []byte) (string, error) {
	switch strings.ToLower(charset) {
	case "", "utf-8", "us-ascii":
		return string(text), nil
	case "iso-8859-1":
		runes := make([]rune, len(text))
		for i, b := range text {
			runes[i] = rune(b)
		}
		return string(runes), nil
	default:
		return "", fmt.Errorf("the charset %q is not known here", charset)
	}
}
