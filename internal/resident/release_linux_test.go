package resident_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"telltale/internal/resident"
)

// Release gives back free memory of Go's heap, and pages of the program.
func TestRelease(t *testing.T) {
	const size = 128 << 20
	garbage := bytes.Repeat([]byte{1}, size)
	anonymous, program := residence(t)
	if anonymous < size {
		t.Fatalf("%d bytes are resident beside the program, want the %d that are in use", anonymous, size)
	}
	if garbage[size-1] != 1 { // It is in use until here.
		t.Fatal("memory was given back that was in use")
	}
	resident.Release()
	anonymousThen, programThen := residence(t)
	if got := anonymous - anonymousThen; got < size/2 {
		t.Errorf("%d bytes of garbage were given back, want most of %d", got, size)
	}
	if programThen >= program {
		t.Errorf("%d bytes of the program are resident, want fewer than the %d of before", programThen, program)
	}
}

// residence is how much of the process's own memory, and of the files that it has
// mapped, is resident, in bytes.
func residence(t *testing.T) (anonymous, files int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		_, _ = fmt.Sscanf(string(line), "RssAnon: %d kB", &anonymous) // Other lines do not match.
		_, _ = fmt.Sscanf(string(line), "RssFile: %d kB", &files)
	}
	if anonymous == 0 || files == 0 {
		t.Fatalf("what is resident is not told:\n%s", text)
	}
	return anonymous << 10, files << 10
}
