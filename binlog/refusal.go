package binlog

// Why the reader may not go on from its position: the names by which
// docs/errors.md explains a [ResumeError].
const (
	refusedFlavor    = "binlog.OtherFlavor"
	refusedNoGTIDs   = "binlog.NoGTIDs"
	refusedServer    = "binlog.OtherServer"
	refusedLacking   = "binlog.Lacking"
	refusedPurged    = "binlog.Purged"
	refusedUnproved  = "binlog.Unproved"
	refusedDiverged  = "binlog.Diverged"
	refusedErrant    = "binlog.Errant"
	refusedPositions = "binlog.PositionGone"
	refusedOverrun   = "binlog.PositionBehind"
)
