// Package demo runs everything for somebody who wants to see what it does: a
// private MySQL server, an embedded broker, a mail server, the shop, the stages
// between them, and a page to click in and watch.
//
// The servers, the shop and the page are in this process, or its children, and
// come and go with it. Each stage is a process of its own, the same command of
// the same binary that an operator runs, with a configuration file that
// internal/install writes: so the page's button can kill one as kill -9 does,
// and what one sees recover is what would recover. Stages die with the demo,
// however it ends.
//
//	MySQL ◄── shop ◄────────── browser ──► page ──► SQL by hand
//	  │                                     ▲
//	  │                                     │ feed
//	  │            ┌────────────────────────┤ raw changes, events, history, lag
//	  └─► binlog ─► broker ─► translator    │
//	                  └─► consumers ─► mail server ─► mailbox
//
// It knows the servers and the page. The shop is handed to it and the stages are
// commands, so that it depends on none of them.
//
// A stage that ends is started again after a pause that can be seen, whatever
// ended it; its state and the last error that it printed are on the page. How
// far each stage is behind is counted from outside, of what the topics hold and
// the stages have committed, so that it is known of one that is dead too.
//
// The shop has a second door: the same pages at another port, whose visitors it
// sees coming from [ElsewhereAddr]. That is how somebody with one machine signs
// in from two places. The door's host name is localhost and not 127.0.0.1, since
// a browser keeps cookies by host name and not by port: who is signed in at one
// door is a stranger at the other.
package demo
