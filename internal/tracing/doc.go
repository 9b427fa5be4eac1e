// Package tracing lets what one request caused be followed through all stages
// as one trace, by OpenTelemetry.
//
// The application's request has a span. Its trace context travels as text: in
// the comments of the request's statements, in the context of a raw change, in
// an event's header traceparent, in the mail ledger. Each stage that handles
// something of a traced request adds a span to the request's trace:
//
//	PUT /api/customers/me            crudapp     SERVER
//	├── send shop.customer           binlog      PRODUCER  first seen in the binlog … committed to Kafka
//	├── send events.customer         translator  PRODUCER  taken up … committed to Kafka
//	├── process events.customer      consumers   CONSUMER  taken up … committed to MySQL
//	└── send mail                    consumers   CLIENT    one attempt with the mail server
//
// All are children of the request's span, and not of each other. What a stage
// writes is a function of what it read (I8), so it cannot hold the id of a span
// that was made meanwhile; a stage that traces nothing leaves no gap for those
// behind it; and a change that is handled twice, because a process died, has
// two spans beside each other rather than two diverging trees.
//
// A stage handles changes of many requests in one Kafka or MySQL transaction.
// Such a batch has no span of its own: it would be a trace of its own, which
// nobody who follows a request opens, and its size and duration are metrics.
// Each traced request in it has a span that lasts until the batch is committed.
// What is rolled back has no span; it is handled again.
//
// The raw record has no header for the trace context: it would cost 0.4 µs a
// record to write, and the envelope holds it already.
//
// A trace context that is missing, malformed or not sampled makes no span and
// is never an error. Spans are kept back until their work is committed, up to
// [MaxPending] a batch, and then wait in a queue of bounded size for the
// exporter; what does not fit is dropped, and no stage ever waits.
//
// Settings are OpenTelemetry's environment variables alone; [Open] has them.
// Without them nothing is made, and a nil [Tracer] costs a comparison.
package tracing
