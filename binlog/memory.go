package binlog

// What the reader works in (I11), in bytes. The shares were measured: beside the
// two batches and the client's queue stand the runtime of Go, which needs its live
// memory twice, the client's own of a record, the code, and what the brokers'
// answers and the server's packets pass through.
const (
	defaultMemory = 150_000_000
	minMemory     = 120_000_000
)

// maxKept is how large a buffer may be to be used again: one huge event must not
// keep its memory for ever.
const maxKept = 8 << 20

// reserveFrom is from which size on an event's records get their memory at once
// instead of by doubling.
const reserveFrom = 1 << 20

// batchOf is the share of a batch, of which there are two.
func batchOf(memory int) int { return memory / 48 }

// heldOf is the share of what is held of undecided XA branches, by that of a batch.
func heldOf(batch int) int { return 2 * batch }

// queueOf is the share of what waits in Kafka's client.
func queueOf(memory int) int { return memory / 10 }
