package faults

import "strings"

// indexed says where a fault is played: among the faults of this package, and
// among those of the reader alone, by their names.
type indexed struct {
	fault        string
	here, source []string
}

// index has every fault that the project promises to live through or to name.
var index = []indexed{
	{"the reader, or another stage, is killed", []string{"kill -9"}, nil},
	{"a stage is asked to end", []string{"SIGTERM"}, nil},
	{"a reader is paused past its lease and wakes up; two readers of one source", []string{"SIGSTOP of the reader, with a standby"}, nil},
	{"the database server is killed", nil, []string{"the server is killed"}},
	{"the database server stands still", []string{"SIGSTOP of the MySQL server"}, []string{"the server stands still"}},
	{"the server hangs up", []string{"the MySQL server hangs up"}, []string{"the server hangs up"}},
	{"the connection breaks inside of a transaction", []string{"cuts inside of transactions"}, []string{"cuts inside of transactions"}},
	{"the connection breaks without a word", []string{"a half-open connection"}, []string{"the way to the server breaks without a word"}},
	{"the connection is slow", []string{"a slow link"}, []string{"a slow link"}},
	{"binlog files change all the time", []string{"binlog files that change all the time"}, []string{"files change all the time"}},
	{"what was not published is purged", nil, []string{"the position is purged"}},
	{"the binlog is reset", nil, []string{"the binlog is reset", "the binlog is reset under a running reader"}},
	{"an older backup is restored", nil, []string{"an older backup is restored"}},
	{"a replica takes over", nil, []string{"a replica takes over"}},
	{"a replica takes over that somebody wrote to", nil, []string{"a replica with transactions of its own takes over"}},
	{"a binlog file is damaged", nil, []string{"a bit of a binlog file is flipped", "a binlog file is cut off"}},
	{"the broker is killed", []string{"kill -9 of the broker"}, nil},
	{"the broker stands still", []string{"SIGSTOP of the broker"}, nil},
	{"the broker's disk is full", []string{"full disk of the broker"}, nil},
	{"the broker loses what it acknowledged", nil, []string{"the broker loses records", "the broker loses records under a running reader", "the broker loses positions"}},
	{"a topic is deleted, created anew or repartitioned", nil, []string{"a topic is changed"}},
	{"a right or a password is taken away", nil, []string{"a right on Kafka is taken away", "the password is changed and changed back"}},
	{"tables are altered, renamed and exchanged all the time", []string{"a storm of DDL"}, nil},
	{"large rows and transactions", []string{"128 MiB written while the broker is away"}, []string{"large rows and large transactions"}},
	{"values at the ends of every type, in every character set", nil, []string{"rows of every type"}},
	{"clocks and time zones jump", nil, []string{"clocks jump"}},
	{"XA branches across restarts", []string{"XA branches, and kill -9 of the reader"}, []string{"XA branches"}},
	{"gaps between GTIDs, sessions that log otherwise or not at all", nil, []string{"sessions with settings of their own"}},
}

// writeIndex writes which page has which fault.
func writeIndex(line func(string, ...any)) {
	line("\n## Where each fault is\n")
	line("Those of one reader alone, on MySQL and on MariaDB, are in [faults-source.md](faults-source.md), under the same load or by single statements. `make memory` measures what large rows and transactions take.\n")
	line("| fault | here | in faults-source.md |\n|---|---|---|")
	for _, f := range index {
		line("| %s | %s | %s |", f.fault, strings.Join(f.here, "; "), strings.Join(f.source, "; "))
	}
}
