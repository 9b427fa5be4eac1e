package mailer

import (
	"testing"
	"time"
)

// BenchmarkMailer measures mails from events that wait in the topic to a mail
// server on this machine: planned, sent and noted, from the first mail on.
func BenchmarkMailer(b *testing.B) {
	const customers = 100
	o := shared(b)(b, "bench")
	for c := range customers {
		o.register(c, "Bob")
	}
	for n := range b.N {
		o.rename(n%customers, "Bob", "Alice")
	}
	total := customers + b.N
	r := o.start()
	o.eventually("the first mail", func() bool { return len(o.mailbox.Mails()) > 0 })
	b.ResetTimer()
	o.eventually("all mails, noted", func() bool {
		return len(o.mailbox.Mails()) >= total && len(o.ledger("sent")) == total
	})
	b.StopTimer()
	r.Stop()
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "mails/s")
	b.ReportMetric(float64(b.Elapsed()/time.Microsecond)/float64(total), "µs/mail")
}
