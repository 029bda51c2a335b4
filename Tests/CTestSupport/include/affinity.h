#pragma once

/// Lets the calling thread run on one processor only. Returns 0 where that is impossible.
int restrict_this_thread_to_one_processor(void);

/// From now on the system ends this process where it moves a thread to other processors or, if `error` is not 0, refuses that with
/// an error. Returns whether it will.
int forbid_moving_threads(int error);
