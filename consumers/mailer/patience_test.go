package mailer

import (
	"strconv"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"telltale/internal/kafkaclient"
)

// notInVain has the database refuse that an attempt, once counted, is taken back:
// the mailer ends where it takes mails up before it can send them.
func notInVain(o *office) {
	o.T.Helper()
	const trigger = `CREATE TRIGGER not_in_vain BEFORE UPDATE ON mail_ledger FOR EACH ROW
IF NEW.attempts < OLD.attempts THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an attempt was given back'; END IF`
	o.eventually("the ledger", func() bool { return len(o.Rows("SHOW TABLES LIKE 'mail_ledger'")) == 1 })
	if _, err := o.DB.ExecContext(o.T.Context(), trigger); err != nil {
		o.T.Fatal(err)
	}
}

// heldUp has the sender wait for the handler's transaction longer than a proof of
// ownership is good for: its mails go out all the same.
func heldUp(t *testing.T, o *office) {
	r := o.start()
	o.register(1, "Bob")
	o.awaitMails(1)
	notInVain(o)
	tx, err := o.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // It was rolled back, unless the test failed.
	const hold = "UPDATE consumer_offsets SET owner = 'test' WHERE consumer = 'mailer' AND topic = 'events.customer' AND partition_id = ?"
	if _, err := tx.ExecContext(t.Context(), hold, partition(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := o.DB.ExecContext(t.Context(), "UPDATE mail_ledger SET state = 'planned'"); err != nil {
		t.Fatal(err)
	}
	// The server counts in whole seconds, and gives up after five.
	o.eventually("the sender has waited", func() bool {
		return len(o.Rows(`SELECT 1 FROM information_schema.processlist
WHERE db = DATABASE() AND time >= 3 AND info LIKE '%consumer_offsets%LOCK IN SHARE MODE%'`)) == 1
	})
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	o.awaitMails(2)
	r.Stop()
}

// crowdedOut has one connection for two partitions, and a mail that keeps it
// busy: the other partition's mail is not taken up before its turn.
func crowdedOut(t *testing.T, o *office) {
	first, second := 1, 2
	for partition(first) == partition(second) {
		second++
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	o.mailbox.Fail(func(_, to string) error {
		if to == address(first) {
			close(entered)
			<-leave
		}
		return nil
	})
	o.smtp.Connections, o.smtp.Timeout = 1, time.Minute
	r := o.start()
	notInVain(o)
	o.register(first, "Bob")
	<-entered
	o.register(second, "Ann")
	o.eventually("a mail has waited", func() bool {
		return len(o.Rows("SELECT 1 FROM mail_ledger WHERE recipient = ? AND planned_at <= NOW() - INTERVAL 3 SECOND", address(second))) == 1
	})
	close(leave)
	o.awaitMails(2)
	r.Stop()
}

// givenUp has a mail that waited for days before its recipient's server refuses
// it for the time being: what counts is for how long that has refused it.
func givenUp(t *testing.T, o *office) {
	o.mailbox.Fail(func(string, string) error {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "try again later"}
	})
	r := o.start()
	o.register(1, "Bob")
	attempts := func() (n int) {
		_ = o.DB.QueryRow("SELECT attempts FROM mail_ledger WHERE last_error <> ''").Scan(&n)
		return n
	}
	o.eventually("an attempt", func() bool { return attempts() > 0 })
	before := attempts()
	if _, err := o.DB.ExecContext(t.Context(), "UPDATE mail_ledger SET planned_at = NOW(6) - INTERVAL 100 HOUR"); err != nil {
		t.Fatal(err)
	}
	o.eventually("two more attempts", func() bool { return attempts() >= before+2 || len(o.ledger("failed")) > 0 })
	if len(o.ledger("planned")) != 1 {
		t.Errorf("ledger: %v, want the mail still planned", o.ledger())
	}
	if _, err := o.DB.ExecContext(t.Context(), "UPDATE mail_ledger SET refused_since = NOW(6) - INTERVAL 100 HOUR"); err != nil {
		t.Fatal(err)
	}
	o.eventually("it is given up", func() bool { return len(o.ledger("failed")) == 1 })
	r.Stop()
}

// partition is the one of a customer's events, of two.
func partition(customer int) int32 {
	return kafkaclient.Partition([]byte(strconv.Itoa(customer)), 2)
}
