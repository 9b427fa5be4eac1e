package binlog

import (
	"fmt"
	"testing"
)

func TestAppendPadded(t *testing.T) {
	t.Parallel()
	for width := range 10 {
		for _, v := range []int{0, 1, 9, 10, 59, 99, 100, 838, 999, 1000, 2026, 9999, 10_000, 123_456, 999_999, 1_000_000, 999_999_999} {
			want := fmt.Sprintf("x%0*d", width, v)
			if width == 0 && v == 0 {
				want = "x"
			}
			if got := string(appendPadded([]byte("x"), v, width)); got != want {
				t.Errorf("%d in %d digits: got %s, want %s", v, width, got, want)
			}
		}
	}
}

func TestAppendUnix(t *testing.T) {
	t.Parallel()
	for _, ns := range []int64{-1_500_000, -1, 0, 999, 1000, 999_999, 1_000_000, 1_234_567, 1_700_000_000_123_456_789} {
		want := fmt.Sprintf(`"ts_ms":%d,"ts_us":%d,"ts_ns":%d`, ns/1e6, ns/1e3, ns)
		if got := string(appendUnix(nil, ns)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
