// Package houserules holds the tests of what the code as a whole keeps to:
// which package may import which, and what no package is called. The stages
// meet on topics and never by import, so that each can be run, replaced and
// understood alone; the arrows below are what makes that true.
package houserules
