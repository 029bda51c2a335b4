// Products of words that hold several numbers each: every sum gains the dot product of a word of weights and a word of a row.
#pragma once

#include "intrinsics.h"

typedef int32_t i32x2 __attribute__((vector_size(8)));

INLINE f32x4 to_floats4(i32x4 a) { return __builtin_convertvector(a, f32x4); }
INLINE i32x4 low_of4(i32x2 a) { return __builtin_shufflevector(a, a, 0, 1, -1, -1); }

// Two signed 16-bit numbers a word.
INLINE i32x4 portable_dot_shorts4(i32x4 sum, i32x4 weights, i32x4 row) {
#if defined(__x86_64__)
  return sum + (i32x4)_mm_madd_epi16((__m128i)weights, (__m128i)row);
#else
  const int16x8_t a = (int16x8_t)weights, b = (int16x8_t)row;
  return sum + (i32x4)vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b));
#endif
}

// Four bytes a word, both signed, where the compiler may use NEON's dot product; else two signed 16-bit numbers.
#if defined(__ARM_FEATURE_DOTPROD)
#define PORTABLE_CHANNELS_PER_WORD 4
INLINE i32x4 portable_dot4(i32x4 sum, i32x4 weights, i32x4 row) {
  return (i32x4)vdotq_s32((int32x4_t)sum, (int8x16_t)weights, (int8x16_t)row);
}
#else
#define PORTABLE_CHANNELS_PER_WORD 2
INLINE i32x4 portable_dot4(i32x4 sum, i32x4 weights, i32x4 row) { return portable_dot_shorts4(sum, weights, row); }
#endif
INLINE i32x2 portable_dot2(i32x2 sum, i32x2 weights, i32x2 row) {
  const i32x4 a = portable_dot4(low_of4(sum), low_of4(weights), low_of4(row));
  return __builtin_shufflevector(a, a, 0, 1);
}

// Bytes become 16-bit numbers: two to a word.
typedef int8_t i8x4 __attribute__((vector_size(4)));
typedef int8_t i8x8 __attribute__((vector_size(8)));
typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef int8_t i8x32 __attribute__((vector_size(32)));
typedef int16_t i16x4 __attribute__((vector_size(8)));
#define LOADED(type, address) ({ type loaded; __builtin_memcpy(&loaded, address, sizeof loaded); loaded; })
INLINE i32x2 widened_bytes2(const void *a) { return (i32x2)__builtin_convertvector(LOADED(i8x4, a), i16x4); }
INLINE i32x4 widened_bytes4(const void *a) { return (i32x4)__builtin_convertvector(LOADED(i8x8, a), i16x8); }

#if PORTABLE_CHANNELS_PER_WORD == 4
INLINE i32x2 portable_weights2(const void *a) { return LOADED(i32x2, a); }
INLINE i32x4 portable_weights4(const void *a) { return LOADED(i32x4, a); }
#else
INLINE i32x2 portable_weights2(const void *a) { return widened_bytes2(a); }
INLINE i32x4 portable_weights4(const void *a) { return widened_bytes4(a); }
#endif

// Eight words of one byte from each of some rows, `stride` bytes apart.
typedef uint8_t u8x8 __attribute__((vector_size(8)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef uint32_t u32x8 __attribute__((vector_size(32)));
#define WIDENED(type, row) __builtin_convertvector(LOADED(u8x8, (const char *)a + (row) * stride), type)
INLINE void interleave_4_rows(const void *a, long stride, void *words) {
  const u32x8 low = WIDENED(u32x8, 0) | WIDENED(u32x8, 1) << 8;
  const u32x8 high = WIDENED(u32x8, 2) | WIDENED(u32x8, 3) << 8;
  const u32x8 all = low | high << 16;
  __builtin_memcpy(words, &all, sizeof all);
}
INLINE void interleave_2_rows(const void *a, long stride, void *words) {
  const u16x8 all = WIDENED(u16x8, 0) | WIDENED(u16x8, 1) << 8;
  __builtin_memcpy(words, &all, sizeof all);
}

// Bytes become floats.
INLINE f32x4 byte_floats4(const void *a) { return __builtin_convertvector(LOADED(i8x4, a), f32x4); }

#if defined(__AVX2__)
INLINE f32x8 to_floats8(i32x8 a) { return __builtin_convertvector(a, f32x8); }
INLINE f32x8 byte_floats8(const void *a) { return __builtin_convertvector(LOADED(i8x8, a), f32x8); }
INLINE i32x8 widened_bytes8(const void *a) { return (i32x8)__builtin_convertvector(LOADED(i8x16, a), i16x16); }
INLINE i32x4 dot_shorts4(i32x4 sum, i32x4 weights, i32x4 row) {
  return sum + (i32x4)_mm_madd_epi16((__m128i)weights, (__m128i)row);
}
INLINE i32x8 dot_shorts8(i32x8 sum, i32x8 weights, i32x8 row) {
  return sum + (i32x8)_mm256_madd_epi16((__m256i)weights, (__m256i)row);
}
#endif
#if defined(__AVX512BW__)
INLINE f32x16 to_floats16(i32x16 a) { return __builtin_convertvector(a, f32x16); }
INLINE f32x16 byte_floats16(const void *a) { return __builtin_convertvector(LOADED(i8x16, a), f32x16); }
INLINE i32x16 widened_bytes16(const void *a) { return (i32x16)__builtin_convertvector(LOADED(i8x32, a), i16x32); }
INLINE i32x16 dot_shorts16(i32x16 sum, i32x16 weights, i32x16 row) {
  return sum + (i32x16)_mm512_madd_epi16((__m512i)weights, (__m512i)row);
}
#endif

// Two signed 16-bit numbers a word, in one instruction; then four bytes a word, those of the row unsigned.
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
INLINE i32x16 fused_dot_shorts16(i32x16 sum, i32x16 weights, i32x16 row) {
  return (i32x16)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)weights, (__m512i)row);
}
INLINE i32x8 dot_bytes8(i32x8 sum, i32x8 weights, i32x8 row) {
  return (i32x8)_mm256_dpbusd_epi32((__m256i)sum, (__m256i)row, (__m256i)weights);
}
INLINE i32x16 dot_bytes16(i32x16 sum, i32x16 weights, i32x16 row) {
  return (i32x16)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)row, (__m512i)weights);
}
#endif

// Two bf16 values a word. Denormal inputs and results count as zero.
#if defined(__AVX512BF16__) && defined(__AVX512VL__)
INLINE f32x8 dot_bf16x8(f32x8 sum, f32x8 weights, f32x8 row) {
  return (f32x8)_mm256_dpbf16_ps((__m256)sum, (__m256bh)weights, (__m256bh)row);
}
INLINE f32x16 dot_bf16x16(f32x16 sum, f32x16 weights, f32x16 row) {
  return (f32x16)_mm512_dpbf16_ps((__m512)sum, (__m512bh)weights, (__m512bh)row);
}
// Word j takes the values j and `words` + j of the 32.
INLINE i32x16 bf16_order(int words) {
  const __m512i first = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  return (i32x16)_mm512_or_epi32(first, _mm512_slli_epi32(_mm512_add_epi32(first, _mm512_set1_epi32(words)), 16));
}
INLINE f32x16 packed_bf16(f32x16 low, f32x16 high, i32x16 order) {
  return (f32x16)_mm512_permutexvar_epi16((__m512i)order, (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low));
}
#endif
