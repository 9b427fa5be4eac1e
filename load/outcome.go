package load

// Outcome is how a deed ended.
type Outcome string

// Outcomes.
const (
	// Committed was answered so.
	Committed Outcome = "committed"
	// RolledBack was on purpose.
	RolledBack Outcome = "rolled back"
	// Read is a deed that had nothing to commit.
	Read Outcome = "read"
	// Refused is what the target did not do: somebody else was first, or a limit
	// was reached.
	Refused Outcome = "refused"
	// Unknown is a commit whose answer was lost, before it was read back.
	Unknown Outcome = "unknown"
	// Landed is one that proved to have taken place, Vanished one that did not, or
	// whose connection broke before.
	Landed   Outcome = "landed"
	Vanished Outcome = "vanished"
)

// Outcomes are all in the order in which they are shown.
func Outcomes() []Outcome {
	return []Outcome{Committed, RolledBack, Read, Refused, Landed, Vanished, Unknown}
}

// Took tells whether changes with this outcome took place.
func (o Outcome) Took() bool { return o == Committed || o == Landed }
