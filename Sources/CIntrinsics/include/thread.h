#pragma once

/// Names the calling thread for debuggers and profilers, in at most 15 characters.
void name_this_thread(const char *name);

/// Counts forks from now on; calls after the first do nothing.
void count_forks(void);

/// How many forks are between the process that called `count_forks` first and this one.
unsigned long fork_count(void);

/// The number of processors that the scheduler may run the calling thread on, or 0 where it cannot be found out.
int allowed_processors(void);
