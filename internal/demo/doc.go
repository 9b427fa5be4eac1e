// Package demo runs everything in one process, for somebody who wants to see
// what it does: a private MySQL server, an embedded broker, a mail server, the
// shop, the stages between them, and a page to click in and watch.
//
// It knows the servers and the page. The stages and the shop are handed to it,
// so that it depends on none of them.
//
//	MySQL ◄── shop ◄────────── browser ──► page ──► SQL by hand
//	  │                                     ▲
//	  └─► binlog ─► broker ─► translator    │ feed
//	                  │ └───────────────────┤ raw changes, events
//	                  └─► consumers ─► mail server ─► mailbox
package demo
