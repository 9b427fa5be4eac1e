package consumers

import (
	"log/slog"
	"sync/atomic"

	"telltale/internal/ops"
)

// condition is whether one part of the consumer can make progress. It reports
// where that changes and is safe for concurrent use.
type condition struct {
	health *ops.Health
	part   string
	logger *slog.Logger
	bad    atomic.Bool
}

// set reports err, the reason why the part cannot make progress, or nil.
func (c *condition) set(err error) {
	was := c.bad.Swap(err != nil)
	switch {
	case err == nil && !was:
		return
	case err == nil:
		c.logger.Info("progress again", "part", c.part)
	case !was:
		c.logger.Warn("no progress", "part", c.part, "reason", err)
	}
	c.health.Set(c.part, err)
}

// end takes back what was reported, without news of any recovery.
func (c *condition) end() {
	if c.bad.Swap(false) {
		c.health.Set(c.part, nil)
	}
}
