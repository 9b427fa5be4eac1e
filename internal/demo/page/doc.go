// Package page is the demo's page: the shop on one side; on the other, live,
// each row change with the rule, the events and the effects that came of it, the
// mailbox, each customer's history, how far each stage is behind, a form for a
// SQL statement by hand, and buttons that take a part away.
//
// It is for a developer's own machine: it answers only requests that name its
// loopback address as their host, so that no web site can reach it by pointing
// a name of its own at 127.0.0.1, and refuses writes from other origins.
//
//	GET  /             the page
//	GET  /assets/      its style and script
//	GET  /api/feed     server-sent events: card, mail, history, lag, status; resumes after Last-Event-ID
//	GET  /api/state    the same as one JSON object
//	GET  /api/history  ?customer=42: the rows of one customer's history
//	POST /api/sql      {"statement": "UPDATE …"} run on the shop's database
//	POST /api/stages/NAME/kill      ends the stage's process as kill -9 does
//	POST /api/servers/NAME/restart  stops MySQL or the broker and starts it again
//	POST /api/smtp     {"down": true} takes the mail server away, false brings it back
//
// A control answers 204 when it is done, 404 where there is nothing of the name
// and 409 where it could not be done, both with {"error": "…"}.
package page
