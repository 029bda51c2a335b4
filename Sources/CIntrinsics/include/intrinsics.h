// The few instructions that Swift cannot spell. Vectors are imported as SIMD2 to SIMD16 of Float or Int32.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define INLINE static inline __attribute__((always_inline))

// Into the first-level cache, also what is read some microseconds later: into the second-level cache alone, a Zen 5 fetches
// what many instructions ask for so slowly that 7 x 7 pixels times 2.4 MB of weights took a tenth longer.
INLINE void prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

// Into the second-level cache: the panels of matrix registers, which would fill the first.
INLINE void prefetch_panel(const void *address) { __builtin_prefetch(address, 0, 2); }

// Into the first-level cache, to be written soon.
INLINE void prefetch_to_write(const void *address) { __builtin_prefetch(address, 1, 3); }

// Returns its argument, of which the optimizer then knows nothing: it computes addresses from it where they are needed,
// instead of keeping each of them on the stack from one turn of a loop to the next.
INLINE const float *unknown_address(const float *a) { __asm__("" : "+r"(a)); return a; }

// Returns its argument, one call after the other: the optimizer may not bring forward what depends on a later call.
typedef float f32x4 __attribute__((vector_size(16)));
typedef float f32x8 __attribute__((vector_size(32)));
typedef float f32x16 __attribute__((vector_size(64)));
#if defined(__x86_64__)
INLINE f32x4 in_order4(f32x4 a) { __asm__ volatile("" : "+x"(a)); return a; }
#if defined(__AVX__)
INLINE f32x8 in_order8(f32x8 a) { __asm__ volatile("" : "+x"(a)); return a; }
#endif
#if defined(__AVX512F__)
INLINE f32x16 in_order16(f32x16 a) { __asm__ volatile("" : "+v"(a)); return a; }
#endif
#else
INLINE f32x4 in_order4(f32x4 a) { __asm__ volatile("" : "+w"(a)); return a; }
#endif

// Whole vectors: Swift's operators go element by element, and the optimizer does not always make whole vectors of them again.
INLINE f32x4 add4(f32x4 a, f32x4 b) { return a + b; }
INLINE f32x4 subtract4(f32x4 a, f32x4 b) { return a - b; }
INLINE f32x4 multiply4(f32x4 a, f32x4 b) { return a * b; }
#if defined(__AVX__)
INLINE f32x8 add8(f32x8 a, f32x8 b) { return a + b; }
INLINE f32x8 subtract8(f32x8 a, f32x8 b) { return a - b; }
INLINE f32x8 multiply8(f32x8 a, f32x8 b) { return a * b; }
#endif
#if defined(__FMA__)
INLINE f32x8 multiply_add8(f32x8 a, f32x8 b, f32x8 c) { return __builtin_elementwise_fma(a, b, c); }
#endif
#if defined(__AVX512F__)
INLINE f32x16 add16(f32x16 a, f32x16 b) { return a + b; }
INLINE f32x16 subtract16(f32x16 a, f32x16 b) { return a - b; }
INLINE f32x16 multiply16(f32x16 a, f32x16 b) { return a * b; }
INLINE f32x16 multiply_add16(f32x16 a, f32x16 b, f32x16 c) { return __builtin_elementwise_fma(a, b, c); }
#endif

// The larger or smaller elements; where either is a NaN, those of b. Swift's comparison and choice is not always compiled to
// the one instruction that does this, and never in an extension of a protocol.
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
#if defined(__x86_64__)
INLINE f32x4 maximum4(f32x4 a, f32x4 b) { return (f32x4)_mm_max_ps((__m128)a, (__m128)b); }
INLINE f32x4 minimum4(f32x4 a, f32x4 b) { return (f32x4)_mm_min_ps((__m128)a, (__m128)b); }
#else
INLINE f32x4 maximum4(f32x4 a, f32x4 b) { return (f32x4)vbslq_f32(a > b, (float32x4_t)a, (float32x4_t)b); }
INLINE f32x4 minimum4(f32x4 a, f32x4 b) { return (f32x4)vbslq_f32(a < b, (float32x4_t)a, (float32x4_t)b); }
#endif
INLINE i32x4 maximum_integers4(i32x4 a, i32x4 b) { return __builtin_elementwise_max(a, b); }
#if defined(__AVX__)
INLINE f32x8 maximum8(f32x8 a, f32x8 b) { return (f32x8)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE f32x8 minimum8(f32x8 a, f32x8 b) { return (f32x8)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE i32x8 maximum_integers8(i32x8 a, i32x8 b) { return __builtin_elementwise_max(a, b); }
#endif
#if defined(__AVX512F__)
INLINE f32x16 maximum16(f32x16 a, f32x16 b) { return (f32x16)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE f32x16 minimum16(f32x16 a, f32x16 b) { return (f32x16)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE i32x16 maximum_integers16(i32x16 a, i32x16 b) { return __builtin_elementwise_max(a, b); }
#endif

// The larger of the signed 16-bit numbers, two in each word.
typedef int16_t i16x8 __attribute__((vector_size(16)));
typedef int16_t i16x16 __attribute__((vector_size(32)));
typedef int16_t i16x32 __attribute__((vector_size(64)));
INLINE i32x4 maximum_shorts4(i32x4 a, i32x4 b) { return (i32x4)__builtin_elementwise_max((i16x8)a, (i16x8)b); }
#if defined(__AVX2__)
INLINE i32x8 maximum_shorts8(i32x8 a, i32x8 b) { return (i32x8)__builtin_elementwise_max((i16x16)a, (i16x16)b); }
#endif
#if defined(__AVX512BW__)
INLINE i32x16 maximum_shorts16(i32x16 a, i32x16 b) { return (i32x16)__builtin_elementwise_max((i16x32)a, (i16x32)b); }
#endif

// The larger elements; where either is a NaN, a NaN.
#if defined(__AVX512F__)
INLINE f32x16 maximum_or_nan16(f32x16 a, f32x16 b) {
  return (f32x16)_mm512_mask_max_ps((__m512)a, _mm512_cmp_ps_mask((__m512)a, (__m512)a, _CMP_ORD_Q), (__m512)a, (__m512)b);
}
#endif
#if defined(__AVX__)
INLINE f32x8 maximum_or_nan8(f32x8 a, f32x8 b) {
  const __m256 largest = _mm256_max_ps((__m256)a, (__m256)b);
  return (f32x8)_mm256_blendv_ps(largest, (__m256)a, _mm256_cmp_ps((__m256)a, (__m256)a, _CMP_UNORD_Q));
}
#endif
#if defined(__x86_64__)
INLINE f32x4 maximum_or_nan4(f32x4 a, f32x4 b) {
  // A NaN of a, or of b as it comes out of the maximum, stays one with more bits set.
  const __m128 largest = _mm_max_ps((__m128)a, (__m128)b), isNaN = _mm_cmpunord_ps((__m128)a, (__m128)a);
  return (f32x4)_mm_or_ps(largest, isNaN);
}
#else
INLINE f32x4 maximum_or_nan4(f32x4 a, f32x4 b) { return (f32x4)vmaxq_f32((float32x4_t)a, (float32x4_t)b); }
#endif

INLINE f32x4 square_root4(f32x4 a) { return __builtin_elementwise_sqrt(a); }
#if defined(__AVX__)
INLINE f32x8 square_root8(f32x8 a) { return __builtin_elementwise_sqrt(a); }
#endif
#if defined(__AVX512F__)
INLINE f32x16 square_root16(f32x16 a) { return __builtin_elementwise_sqrt(a); }
#endif

// The largest of some integers: Swift's own way takes them out one by one.
INLINE int32_t largest4(i32x4 a) { return __builtin_reduce_max(a); }
#if defined(__AVX__)
INLINE int32_t largest8(i32x8 a) { return __builtin_reduce_max(a); }
#endif
#if defined(__AVX512F__)
INLINE int32_t largest16(i32x16 a) { return __builtin_reduce_max(a); }
#endif

// What the processor has and the operating system saves on a thread switch: AVX2 with FMA and the rest of x86-64-v3,
// the AVX-512 subsets of x86-64-v4, and beyond those AVX512_VNNI and AVX512_BF16.
bool processor_has_x86_64_v3(void);
bool processor_has_x86_64_v4(void);
bool processor_has_avx512_vnni(void);
bool processor_has_avx512_bf16(void);

// Whether AVX512_BF16's products of two bf16 values take no longer than fp32's of one: on AMD's processors, from Zen 4 on, but
// not on Intel's, whose VDPBF16PS runs at half the rate.
bool processor_multiplies_bf16_fast(void);

// AVX512_BF16 and AMX with products of bytes and of bf16. The system saves its 8 KB of registers only for processes that ask
// (Linux's Documentation/arch/x86/xstate.rst): this asks, once for all threads, and tells whether it was permitted.
bool processor_has_amx(void);
