package demo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"telltale/internal/demo/feed"
)

// keptMails bounds the mailbox's file when it is opened, and the page.
const keptMails = 200

// mailbox keeps the mails that the demo's mail server took, one JSON object a
// line, as the mailboxes of the recipients would. It is safe for concurrent use.
type mailbox struct {
	mu   sync.Mutex
	file *os.File
	err  error
}

// openMailbox opens the file and returns the newest mails in it, oldest first;
// older ones are dropped from the file.
func openMailbox(path string) (*mailbox, []feed.Mail, error) {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("open the demo's mailbox: %w", err)
	}
	mails := parseMails(old)
	if err := rewrite(path, mails); err != nil {
		return nil, nil, fmt.Errorf("write the demo's mailbox: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the demo's mailbox: %w", err)
	}
	return &mailbox{file: file}, mails, nil
}

// parseMails reads as far as the lines are whole: the last one is torn when the
// process was killed while it wrote.
func parseMails(text []byte) []feed.Mail {
	var mails []feed.Mail
	for line := range bytes.Lines(text) {
		var m feed.Mail
		if json.Unmarshal(line, &m) != nil {
			break
		}
		mails = append(mails, m)
	}
	return mails[max(0, len(mails)-keptMails):]
}

func rewrite(path string, mails []feed.Mail) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "mails-*")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(temp)
	enc := json.NewEncoder(w)
	for _, m := range mails {
		if err = enc.Encode(m); err != nil {
			break
		}
	}
	if err = errors.Join(err, w.Flush(), temp.Close()); err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return os.Rename(temp.Name(), path)
}

// add appends a mail. The first error is kept for close: the mail server has
// nobody to tell.
func (b *mailbox) add(m feed.Mail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	line, err := json.Marshal(m)
	if err == nil {
		_, err = b.file.Write(append(line, '\n'))
	}
	if b.err == nil {
		b.err = err
	}
}

func (b *mailbox) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := errors.Join(b.err, b.file.Close()); err != nil {
		return fmt.Errorf("keep the demo's mails: %w", err)
	}
	return nil
}
