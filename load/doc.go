// Package load is the traffic of a busy shop and of a careless administrator:
// seeded, at a given rate, and with a record of all that it committed, which can
// be held against the database, or against whatever was made of its changes.
//
// # Plan and doing
//
// A [Planner] decides what is done when: it is a pure function of the seed, the
// mix of deeds, the rate and the number of workers. A [Target] does it; package
// direct by statements, package api by requests. What the seed does not decide is
// what the server does: ids, who wins a race, and whether a commit took place
// whose answer was lost.
//
// Each worker has customers of its own, which nobody else changes, so that it
// knows the order of all that happens to them. Races are among connections of one
// worker, and for the stock of products, which all workers sell. The load changes
// no row that it did not write itself.
//
// # Schedule
//
// The schedule is open: arrivals are a Poisson process, with bursts, that does not
// wait for answers. A worker that is late begins the next deed at once, and
// latency counts from when the deed was due, so that what waits behind a slow
// answer is counted as slow too (no coordinated omission).
//
// # Record
//
// The record is JSON, an object a line. The first describes the load:
//
//	{"record": 1, "run": "k3v9qd", "seed": 7, "target": "direct", "mix": "rename=30,…", "begun": "2026-11-21T22:00:00Z"}
//
// Each other line is a transaction, written when its outcome was known:
//
//	{"n": 17, "worker": 2, "deed": "rename", "at": "2026-11-21T22:00:01.5Z", "outcome": "committed",
//	 "changes": [{"table": "customers", "op": "u", "key": {"id": 7}, "before": {…}, "after": {…},
//	              "actor": "customer:7", "request_id": "…"}]}
//
// Op is c, u or d, or r for a row that was only read; before and after hold the
// columns that the load knows, as JSON with DECIMAL as text, null where there was or
// is no row. Actor and request_id are what the statement's comment says, absent
// where it was typed by hand. At is the client's clock when the answer came. Outcome
// is committed; or unknown where the answer to the commit was lost, followed by a
// line with the same n once it was read back: landed with the changes again, or
// vanished. By the API it stays unknown where that cannot be told. Changes count
// where they are committed or landed. A line that was read, by the API, has rows as
// they were then, since answers about their last change were lost. What was rolled
// back on purpose, or broke before its commit, is not in the record.
//
// Lines of one worker are in the order of commit. Several workers change a row of
// the stock; its version tells their order.
package load
