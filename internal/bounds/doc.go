// Package bounds holds the binlog reader's memory against its budget: a real
// process between real servers, measured by the operating system.
package bounds
