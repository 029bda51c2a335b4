#define _GNU_SOURCE  // Swift sees glibc without its extensions, so these calls are made from C.
#include "include/thread.h"
#include <pthread.h>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

void name_this_thread(const char *name) {
#if defined(__APPLE__)
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

// Written by a child's only thread, before it can start others.
static unsigned long forks = 0;

static void count_this_fork(void) { forks++; }

static void register_count(void) { pthread_atfork(0, 0, count_this_fork); }

void count_forks(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, register_count);
}

unsigned long fork_count(void) { return forks; }

int allowed_processors(void) {
#if defined(__linux__)
  // The kernel refuses a mask that is too small for its processors: 8192 of them are the most that it supports.
  unsigned long mask[8192 / (8 * sizeof(long))] = {0};
  if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)mask) != 0) return 0;
  int count = 0;
  for (unsigned i = 0; i < sizeof mask / sizeof *mask; i++) count += __builtin_popcountl(mask[i]);
  return count;
#elif defined(__APPLE__)
  // Work that is split evenly waits for its slowest part: the performance cores only, where there are two kinds.
  int count = 0;
  size_t size = sizeof count;
  if (sysctlbyname("hw.perflevel0.logicalcpu", &count, &size, 0, 0) == 0 && count > 0) return count;
  size = sizeof count;
  return sysctlbyname("hw.activecpu", &count, &size, 0, 0) == 0 ? count : 0;
#else
  return 0;
#endif
}
