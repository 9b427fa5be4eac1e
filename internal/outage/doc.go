// Package outage holds tests alone: the real processes and real servers, of
// which one after the other goes away and comes back. Each stage must say what
// it misses, heal by itself, and leave nothing out and do nothing twice.
package outage
