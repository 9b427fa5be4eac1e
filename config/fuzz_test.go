package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"telltale/config"
)

// FuzzLoad reads any text as a configuration file: it is Problems, or it can be
// printed, and what was printed reads back to the same.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("source: &a {columns: [*a, *a]}\nkafka: *a\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "telltale.yaml")
		write(t, file, string(text))
		first, err := config.Load(config.Options{File: file})
		var problems config.Problems
		if err != nil && !errors.As(err, &problems) {
			t.Fatalf("error %v is not Problems", err)
		}
		if err != nil {
			return
		}
		shown := printed(t, first)
		write(t, file, shown)
		second, err := config.Load(config.Options{File: file})
		if err != nil {
			t.Fatalf("read back: %v\n%s", err, shown)
		}
		// Secrets are hidden in the first print and stay hidden in the second.
		if got := printed(t, second); uncommented(got) != uncommented(shown) {
			t.Errorf("read back\n%s\nwant\n%s", got, shown)
		}
	})
}
