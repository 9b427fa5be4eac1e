package faults

// All are the faults of the matrix that are injected into the whole pipeline.
func All() []Fault {
	return append([]Fault{Kills(), Stops(), Paused(), Backlog()}, brokerFaults()...)
}
