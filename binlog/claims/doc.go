// Package claims keeps the records that are too large for their topics, in a
// directory or in a bucket of a server that speaks S3.
//
// A record is kept under a name that its bytes alone decide, and is there for good
// when Put returns. So writing it again, as after an aborted transaction or by a
// reader that was replaced and does not know it yet, changes nothing of what is
// kept.
package claims
