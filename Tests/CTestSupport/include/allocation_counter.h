#pragma once

/// From now on the calling thread adds its allocations to a count, or to none where `count` is null.
void count_allocations_into(long *count);

/// Whether allocations can be counted here: with glibc, and without a sanitizer that replaces the allocator itself.
int can_count_allocations(void);

struct measured_memory {
  /// What was allocated and not yet given back, and the most that this was at any time.
  long bytes, peak;
};

/// From now on the calling thread adds the bytes that it allocates, or nowhere where `memory` is null.
void measure_memory_into(struct measured_memory *memory);
