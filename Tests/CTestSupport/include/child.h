#pragma once

/// Forks, which Swift does not let a program do: the child calls `body` and ends with its result.
///
/// Returns what the child ended with, or -1 where it did not end of its own accord within 60 seconds.
int result_in_child(int (*body)(void *context), void *context);
