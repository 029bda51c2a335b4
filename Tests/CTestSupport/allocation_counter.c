#include "include/allocation_counter.h"
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

static __thread long *count;
static __thread struct measured_memory *memory;

void count_allocations_into(long *target) { count = target; }

void measure_memory_into(struct measured_memory *target) { memory = target; }

#if defined(__GLIBC__) && !defined(SANITIZED)

#include <malloc.h>

int can_count_allocations(void) { return 1; }

static void note(void) {
  if (count) __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

static void *taken(void *block) {
  if (memory && block) {
    memory->bytes += (long)malloc_usable_size(block);
    if (memory->bytes > memory->peak) memory->peak = memory->bytes;
  }
  return block;
}

static void given_back(void *block) {
  if (memory && block) memory->bytes -= (long)malloc_usable_size(block);
}

// The program's definitions come before those of the C library, which allows its allocator to be replaced and keeps
// itself reachable by these names.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

void *malloc(size_t size) {
  note();
  return taken(__libc_malloc(size));
}

void *calloc(size_t number, size_t size) {
  note();
  return taken(__libc_calloc(number, size));
}

void *realloc(void *old, size_t size) {
  note();
  // Where there is no memory the old block stays.
  size_t before = memory && old ? malloc_usable_size(old) : 0;
  void *block = __libc_realloc(old, size);
  if (memory && (block || size == 0)) memory->bytes -= (long)before;
  return taken(block);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return taken(__libc_memalign(alignment, size));
}

void free(void *block) {
  given_back(block);
  __libc_free(block);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  void *block = memalign(alignment, size);
  if (!block) return ENOMEM;
  *result = block;
  return 0;
}

#else

int can_count_allocations(void) { return 0; }

#endif
