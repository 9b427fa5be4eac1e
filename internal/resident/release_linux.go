package resident

/*
#define _GNU_SOURCE
#include <link.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// forget drops the pages of the first object, the program itself, that nobody can
// have written to.
static int forget(struct dl_phdr_info *program, size_t size, void *unused) {
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	for (int i = 0; i < program->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &program->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) {
			continue;
		}
		uintptr_t start = program->dlpi_addr + segment->p_vaddr, end = start + segment->p_memsz;
		start -= start % page;
		madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 1;
}

static void release(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	dl_iterate_phdr(forget, NULL);
}
*/
import "C"

func release() { C.release() }
