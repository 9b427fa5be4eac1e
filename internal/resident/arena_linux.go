package resident

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void shareArena(void) {
#if defined(__GLIBC__) && defined(M_ARENA_MAX)
	mallopt(M_ARENA_MAX, 1);
#endif
}
*/
import "C"

func shareArena() { C.shareArena() }
