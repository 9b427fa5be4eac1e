package resident

import "runtime/debug"

// Release gives back to the system what the process has in memory and does not
// use: free memory of Go's heap, free memory of the C library, and the pages of
// the program itself, of which those that run come back from the system's cache as
// they are met. It collects Go's garbage first, and so takes some milliseconds for
// each ten megabytes in use: it is meant for the end of a phase whose like does not
// come again soon, such as a start.
func Release() {
	debug.FreeOSMemory()
	release()
}
