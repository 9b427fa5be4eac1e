package resident

// ShareArena has all threads take the C library's memory from one place, where
// glibc gives each thread an arena of its own, up to eight for each processor, and
// keeps in it what was freed: a Kafka client alone has four threads. What a thread
// has already taken stays where it is, so it is to be called before there are any.
// Other C libraries have one place anyway.
func ShareArena() { shareArena() }
