// The few instructions that Swift cannot spell.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

// Into the second-level cache: what is prefetched is used some microseconds later.
INLINE void prefetch(const void *address) { __builtin_prefetch(address, 0, 2); }

// What the processor has and the operating system saves on a thread switch: AVX2 with FMA and the rest of x86-64-v3,
// and the AVX-512 subsets of x86-64-v4.
bool processor_has_x86_64_v3(void);
bool processor_has_x86_64_v4(void);
