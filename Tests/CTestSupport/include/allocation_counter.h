#pragma once

/// From now on the calling thread adds its allocations to a count, or to none where `count` is null.
void count_allocations_into(long *count);

/// Whether allocations can be counted here: with glibc, and without a sanitizer that replaces the allocator itself.
int can_count_allocations(void);
