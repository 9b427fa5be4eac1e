package main

import "testing"

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		environ []string
		want    int64
	}{
		{"the reader's share", []string{"HOME=/root"}, 50_000_000},
		{"set by the environment", []string{"GOMEMLIMIT=1GiB"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got int64
			e := env{environ: tt.environ, limitMemory: func(n int64) int64 { got = n; return 0 }}
			e.limit(150)
			if got != tt.want {
				t.Errorf("limited to %d bytes, want %d", got, tt.want)
			}
		})
	}
}
