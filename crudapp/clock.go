package crudapp

import "time"

// Clock tells the time as a store keeps it: in UTC with microseconds.
type Clock func() time.Time

// NewClock returns a Clock that asks now. Nil means time.Now.
func NewClock(now func() time.Time) Clock {
	if now == nil {
		now = time.Now
	}
	return func() time.Time { return now().UTC().Truncate(time.Microsecond) }
}
