// Package tour plays the demo's story without a browser and checks each step:
// what somebody does in the shop or in a SQL shell, the row change, the events
// and the mails that come of it, and how long after the commit each was there.
//
// The tour holds the servers. The shop and the pipeline are child processes of
// the real binary, reached as users reach them: HTTP with cookies, SQL, a
// read_committed consumer, and what the mail server took.
//
// That nothing else happened is proved without waiting for it: after each step
// the tour changes the same customer once more in a way that nothing else does,
// the marker. Everything about one customer arrives in order (I2), so what has
// not arrived before the marker did, at every consumer, will never arrive.
package tour
