package faults

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Every fault is on the page that the index names, and every fault of this package
// is in the index.
func TestIndex(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/faults-source.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, f := range index {
		named = append(named, f.here...)
		for _, name := range f.source {
			if !strings.Contains(string(page), "**"+name+"**") {
				t.Errorf("docs/faults-source.md lacks %q", name)
			}
		}
	}
	var all []string
	for _, f := range All() {
		all = append(all, f.Name)
	}
	slices.Sort(named)
	slices.Sort(all)
	if !slices.Equal(named, all) {
		t.Errorf("the index has %q, want %q", named, all)
	}
}
