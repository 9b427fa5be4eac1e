package main

import "testing"

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		environ []string
		want    int64
		shared  bool
	}{
		{"the reader's share", []string{"HOME=/root"}, 50_000_000, true},
		{"Go's set by the environment", []string{"GOMEMLIMIT=1GiB"}, 0, true},
		{"arenas set by the environment", []string{"MALLOC_ARENA_MAX=8"}, 50_000_000, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got int64
			var shared bool
			e := env{environ: tt.environ, limitMemory: func(n int64) int64 { got = n; return 0 }, shareArena: func() { shared = true }}
			e.limit(150)
			if got != tt.want {
				t.Errorf("limited to %d bytes, want %d", got, tt.want)
			}
			if shared != tt.shared {
				t.Errorf("threads share an arena: %t, want %t", shared, tt.shared)
			}
		})
	}
}
