// Package page is the demo's page: the shop on one side; on the other, live,
// each row change with the events and mails that came of it, the mailbox, and a
// form for a SQL statement by hand.
//
// It is for a developer's own machine: it answers only requests that name its
// loopback address as their host, so that no web site can reach it by pointing
// a name of its own at 127.0.0.1, and refuses writes from other origins.
//
//	GET  /            the page
//	GET  /assets/     its style and script
//	GET  /api/feed    server-sent events: card, mail, status; resumes after Last-Event-ID
//	GET  /api/state   the same as one JSON object
//	POST /api/sql     {"statement": "UPDATE …"} run on the shop's database
package page
