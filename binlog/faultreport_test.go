package binlog

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// faultLine is what came of the rounds of a fault on one server.
type faultLine struct {
	fault, what, server string
	// changes are those that were committed meanwhile. Of commits whose answer was
	// lost, lost in all, landed took place.
	changes, lost, landed int
	// endings count how the rounds ended, and recoveries are from when the reader
	// could go on until it had published everything.
	endings    map[ending]int
	recoveries []time.Duration
}

// faultLines gather from worlds that are played at the same time.
type faultLines struct {
	mu    sync.Mutex
	lines []faultLine
}

func (f *faultLines) add(l faultLine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, l)
}

const faultsHead = `# Faults of the servers, the network, topics and brokers, and what came of them

%s, on Telltale %s. ` + "`make faults`" + ` does it again and writes this page. Those of the stages and of a broker under load are in [faults.md](faults.md).%s

One reader went through all faults of a kind on each server, %d rounds of each, with seed %d, from which each round drew what exactly happened. Faults that the reader outlives by itself were injected while ` + "`telltale load`" + ` wrote to the shop's tables, 60 transactions a second, and afterwards each row's changes stood in its topic as the load's record has them, images, actors and requests included, those of each transaction in one. The other faults were played between single statements, and after each round each row's versions stood in its topic as the test had committed them. None was missing, none came twice but where an operator had said so, none in another order, and nothing that was not committed. A reader that ended did so by the name of an error, before it published anything that was not right, and went on with the command that the error names.

`

// markdown is the report as a page.
func (f *faultLines) markdown() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.SortStableFunc(f.lines, func(a, b faultLine) int {
		return cmp.Or(strings.Compare(a.fault, b.fault), strings.Compare(a.server, b.server))
	})
	var b strings.Builder
	fmt.Fprintf(&b, faultsHead, time.Now().UTC().Format("2006-01-02 15:04 UTC"), *faultCommit, machineLoad(), *faultRounds, *faultSeed)
	for i, l := range f.lines {
		if i == 0 || f.lines[i-1].fault != l.fault {
			fmt.Fprintf(&b, "- **%s**: %s\n", l.fault, l.what)
		}
	}
	b.WriteString("\n| fault | server | rounds | changes | answers lost, of which took place | the reader | recovery, p50 | max |\n|---|---|---:|---:|---:|---|---:|---:|\n")
	for _, l := range f.lines {
		slices.Sort(l.recoveries)
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s | %s | %.1f s | %.1f s |\n", l.fault, l.server, len(l.recoveries), l.changes,
			l.answers(), l.endingsText(), l.recoveries[len(l.recoveries)/2].Seconds(), l.recoveries[len(l.recoveries)-1].Seconds())
	}
	b.WriteString("\nRecovery is the time from when the reader could go on, by itself or by the command, until all was published; a command and a start of the reader are part of it.\n")
	return b.String()
}

// machineLoad says how busy the machine was, where that can be asked: it is what
// the times are to be read by.
func machineLoad() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 3 {
		return ""
	}
	return fmt.Sprintf(" The machine has %d processors, and a load of %s over the last quarter of an hour.", runtime.NumCPU(), fields[2])
}

func (l *faultLine) answers() string {
	if l.lost == 0 {
		return ""
	}
	return fmt.Sprintf("%d, %d", l.lost, l.landed)
}

// endingsText says how the rounds ended, and how many did so where not all did.
func (l *faultLine) endingsText() string {
	var all []string
	for _, e := range slices.Sorted(maps.Keys(l.endings)) {
		text := string(e)
		if e != goesOn {
			text = "`" + text + "`"
		}
		if len(l.endings) > 1 {
			text += fmt.Sprintf(" %d", l.endings[e])
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}
