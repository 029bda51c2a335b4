#pragma once

/// Lets the calling thread run on one processor only. Returns 0 where that is impossible.
int restrict_this_thread_to_one_processor(void);
