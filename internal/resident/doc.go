// Package resident keeps down what the process has of the machine's memory.
package resident
