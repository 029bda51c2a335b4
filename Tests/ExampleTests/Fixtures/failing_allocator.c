// Loaded before a command's libraries: the allocation whose number FAILING_ALLOCATION gives is refused, and all after it where it ends
// in "+". Counting begins where the command has installed its handler of SIGBUS, as it does first of all; before that it has no say.
// The number of allocations is written to the file that COUNTED_ALLOCATIONS names.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_long count = 0, refused = -1;
static atomic_int counts = 0, goes_on = 0;

static int refuses(void) {
  if (!counts) return 0;
  long number = ++count;
  if (number != refused && !(goes_on && refused > 0 && number > refused)) return 0;
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) { return refuses() ? NULL : __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return refuses() ? NULL : __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { return refuses() ? NULL : __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { return refuses() ? NULL : __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return refuses() ? NULL : __libc_memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (refuses()) return ENOMEM;
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  static void *(*next)(void *, size_t, int, int, int, off_t) = NULL;
  if (!next) next = dlsym(RTLD_NEXT, "mmap");
  return refuses() ? MAP_FAILED : next(address, length, protection, flags, file, offset);
}

static void write_count(void) {
  counts = 0;
  const char *path = getenv("COUNTED_ALLOCATIONS");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", (long)count);
  fclose(file);
}

int sigaction(int signal_number, const struct sigaction *action, struct sigaction *before) {
  static int (*next)(int, const struct sigaction *, struct sigaction *) = NULL;
  if (!next) next = dlsym(RTLD_NEXT, "sigaction");
  int result = next(signal_number, action, before);
  if (signal_number == SIGBUS && action && !counts) {
    const char *number = getenv("FAILING_ALLOCATION");
    char *end = NULL;
    refused = number ? strtol(number, &end, 10) : -1;
    goes_on = end && *end == '+';
    atexit(write_count);
    counts = 1;
  }
  return result;
}
