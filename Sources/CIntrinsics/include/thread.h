#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Names the calling thread for debuggers and profilers, in at most 15 characters.
void name_this_thread(const char *name);

/// Counts forks from now on; calls after the first do nothing.
void count_forks(void);

/// How many forks are between the process that called `count_forks` first and this one.
unsigned long fork_count(void);

/// The number of processors that the scheduler may run the calling thread on, or 0 where it cannot be found out.
int allowed_processors(void);

/// The number by which the system knows the calling thread, or 0 where threads cannot be moved, which only Linux can.
int this_thread_number(void);

/// For how many nanoseconds a thread of this process has had a processor, or 0 where the system does not say.
uint64_t processor_time(int thread);

/// Sets of processors, as many as the kernel supports.
struct processors {
  unsigned long bits[8192 / (8 * sizeof(long))];
};

/// Binds a thread of this process to the caller's processor, unless it is bound to one already, and tells where it was allowed to
/// run before.
bool bring_thread_here(int thread, struct processors *allowed);

/// Moves a thread that is bound to the caller's processor away from it, and lets it run where it was allowed to before.
void let_thread_go(int thread, const struct processors *allowed);
