// Package faults runs each stage as a process of its own on real servers, under
// a load whose history is known, does harm to them, and then compares all that
// came of it with the history: the row changes and the events at a
// read_committed reader, what each consumer keeps, and the mails that were
// taken.
//
// A [Fault] is what is done while the load is written. What must come of the
// load is the same for all of them.
package faults
