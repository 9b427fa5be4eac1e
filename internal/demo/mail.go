package demo

import (
	"context"

	"telltale/internal/demo/feed"
	"telltale/internal/smtpserver"
)

// startMail starts the mail server and fills the page's mailbox.
func (d *demo) startMail(context.Context) error {
	box, old, err := openMailbox(d.dir.file("mails.jsonl"))
	if err != nil {
		return err
	}
	d.servers.mailbox = box
	for _, m := range old {
		d.log.AddMail(m)
	}
	err = d.onPort(partMail, d.Ports.SMTP, func(port int) error {
		d.addresses.SMTP = local(port)
		return d.bootMail()
	})
	if err != nil {
		return err
	}
	d.say("%-11s on %s", "mail server", d.addresses.SMTP)
	return nil
}

func (d *demo) bootMail() error {
	server, err := smtpserver.Start(smtpserver.Options{Addr: d.addresses.SMTP, Log: d.Logger})
	if err != nil {
		d.board.set(partMail, failed, err.Error())
		return err
	}
	server.Subscribe(d.takeMail)
	d.servers.smtp = server
	d.board.set(partMail, running, "")
	return nil
}

// setMail takes the mail server away, so that connections are refused, or
// brings it back.
func (d *demo) setMail(down bool) error {
	d.servers.mu.Lock()
	defer d.servers.mu.Unlock()
	switch {
	case down == (d.servers.smtp == nil):
		return nil
	case down:
		// A conversation that has begun goes on for a moment, so that it is away
		// only then.
		err := d.servers.smtp.Close()
		d.servers.smtp = nil
		d.board.set(partMail, stopped, "taken away by hand; mails wait")
		return err
	}
	d.restarting(partMail)
	return d.bootMail()
}

// takeMail keeps a mail and shows it beside the event that it came of.
func (d *demo) takeMail(m smtpserver.Mail) {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpTime)
	defer cancel()
	event, err := feed.EventOf(ctx, d.ledger, m.MessageID)
	if err != nil {
		d.Logger.Warn("a mail is shown without its event", "message_id", m.MessageID, "error", err)
	}
	mail := feed.Mail{MessageID: m.MessageID, From: m.From, To: m.To, Subject: m.Subject, Body: m.Body, At: m.At, Event: event}
	d.servers.mailbox.add(mail)
	d.log.AddMail(mail)
}
