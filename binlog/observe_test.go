package binlog

import (
	"errors"
	"testing"

	"telltale/internal/ops"
)

// A reader whose sessions break for the same reason again and again is not ready
// in between.
func TestReadyAfterABreak(t *testing.T) {
	t.Parallel()
	health := ops.NewHealth()
	health.Set(HealthPart, errStarting)
	r := &reader{o: Options{Health: health}, metrics: newMetrics(nil)}
	for i, step := range []struct {
		do   func()
		want string
	}{
		{r.connected, ""},
		{func() { r.broke(errors.New("the topic refuses us")) }, "the topic refuses us"},
		{r.connected, "the topic refuses us"},
		{func() { r.broke(errors.New("it still does")) }, "it still does"},
		{r.connected, "it still does"},
		{r.works, ""},
		{r.connected, ""},
	} {
		step.do()
		if got := health.Reasons()[HealthPart]; got != step.want {
			t.Errorf("step %d: got %q, want %q", i, got, step.want)
		}
	}
}
