#define _GNU_SOURCE
#include "include/CSystem.h"

#if defined(__linux__)
#include <sched.h>

void bind_this_thread(int processor) {
  cpu_set_t allowed, mask;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (!CPU_ISSET(i, &allowed) || processor-- > 0) continue;
    CPU_ZERO(&mask);
    CPU_SET(i, &mask);
    sched_setaffinity(0, sizeof mask, &mask);
    return;
  }
}

#else

void bind_this_thread(int processor) { (void)processor; }

#endif
