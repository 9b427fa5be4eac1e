// Package binlog reads the binlog of one MySQL server and publishes every
// committed row change of the captured tables to Kafka, each once, in commit
// order per key, with the position in the same Kafka transaction.
//
// DESIGN.md says how, and what happens when which part dies.
package binlog
