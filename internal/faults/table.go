package faults

import "slices"

// All are the faults of the matrix that are injected into the whole pipeline.
func All() []Fault {
	return slices.Concat([]Fault{Kills(), Stops(), Paused(), Backlog(), Branches(), Alterations()}, brokerFaults(), sourceFaults())
}
