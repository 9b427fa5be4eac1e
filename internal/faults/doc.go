// Package faults runs each stage as a process of its own on real servers, under
// a load whose history is known, does harm to them, and then compares all that
// came of it with the history: the row changes and the events at a
// read_committed reader, what each consumer keeps, and the mails that were
// taken.
//
// A [Fault] is what is done while the load is written. What must come of the
// load is the same for all of them. It is worked out aggregate by aggregate, from
// what the rules and the consumers that are shipped promise, and each aggregate's
// records must be those, once and in order. No consumer reads the events of
// products, orders, payments and reviews: whatever one makes of them is too much.
//
// The record has the order of all that happens to a row but for the stock, which
// all workers sell; that of the stock is in its versions. How the changes of a
// product and those of its stock stand among each other only the server knows, so
// the row changes show it, and the events must agree with them.
package faults
