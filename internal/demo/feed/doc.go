// Package feed follows what a running pipeline does, from outside: it reads
// the raw and the business topics as any read_committed reader would, takes the
// mails that the SMTP server got, and tells for each row change which events
// and mails came of it, and how long after the commit each was there.
//
// It reads records by small structs of its own: the packages that describe the
// two kinds of topic stay apart from each other, as they do in every stage but
// the translator.
package feed
