#define _GNU_SOURCE
#include "include/affinity.h"

#if defined(__linux__)
#include <sched.h>

int restrict_this_thread_to_one_processor(void) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(sched_getcpu(), &mask);
  return sched_setaffinity(0, sizeof mask, &mask) == 0;
}

#else

int restrict_this_thread_to_one_processor(void) { return 0; }

#endif
