package childproc

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// tailBytes is how much of a log an error carries.
const tailBytes = 4096

// LogSize is the size of the log in bytes, 0 where there is none: where the
// log of a process that is started now will begin.
func LogSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// LogTail returns the end of what the log holds behind offset, at whole lines,
// as an error to join to the one that it explains. It is nil where the log
// holds nothing.
func LogTail(path string, offset int64) error {
	file, err := os.Open(path)
	if err != nil {
		return nil // A server that ended before its log began has nothing to tell.
	}
	defer file.Close()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	start := max(offset, size-tailBytes)
	text, err := io.ReadAll(io.NewSectionReader(file, start, size-start))
	if err != nil {
		return err
	}
	if start > offset {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return nil
	}
	return errors.New("its log " + path + " ends:\n" + string(text))
}
