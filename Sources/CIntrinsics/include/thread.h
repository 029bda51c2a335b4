#pragma once

/// Names the calling thread for debuggers and profilers, in at most 15 characters.
void name_this_thread(const char *name);

/// The number of processors that the scheduler may run the calling thread on, or 0 where it cannot be found out.
int allowed_processors(void);
