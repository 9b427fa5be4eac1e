// Package consumers is the engine under everything that reacts to business
// events with a database of its own. A consumer is a handler that writes rows
// in a transaction; the engine puts the offset of what was handled into the
// same transaction, so that an effect and its offset exist together or not at
// all, and it refuses the transaction of an instance that lost its partition
// (I9).
//
// Kafka's consumer group says who shall own a partition. Who does own it is
// decided by a row of the consumer's database: claiming raises the row's
// epoch, and every batch begins by moving the row's offset under the epoch that
// it was claimed with. Nothing is committed to Kafka.
//
// DESIGN.md beside this file walks through the failures.
package consumers
