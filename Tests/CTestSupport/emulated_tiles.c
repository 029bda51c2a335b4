#include "include/emulated_tiles.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static _Thread_local union {
  uint8_t unsigned_bytes[16][64];
  int8_t bytes[16][64];
  int32_t integers[16][16];
  float floats[16][16];
  uint16_t halves[16][32];
} tiles[8];

void emulated_tiles_clear(void) { memset(tiles, 0, sizeof tiles); }

void emulated_tile_load(int tile, const void *address, long stride) {
  for (int row = 0; row < 16; row++) memcpy(tiles[tile].bytes[row], (const char *)address + row * stride, 64);
}

void emulated_tile_store(int tile, void *address, long stride) {
  for (int row = 0; row < 16; row++) memcpy((char *)address + row * stride, tiles[tile].bytes[row], 64);
}

void emulated_tile_multiply_bytes(int sums, int rows, int columns) {
  for (int row = 0; row < 16; row++) {
    for (int column = 0; column < 16; column++) {
      for (int k = 0; k < 64; k++) {
        const int weight = tiles[columns].bytes[k / 4][4 * column + k % 4];
        tiles[sums].integers[row][column] += tiles[rows].unsigned_bytes[row][k] * weight;
      }
    }
  }
}

static float widened(uint16_t half) {
  const int is_denormal = (half & 0x7f80) == 0;
  const uint32_t bits = (uint32_t)(is_denormal ? half & 0x8000 : half) << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

void emulated_tile_multiply_bf16(int sums, int rows, int columns) {
  for (int row = 0; row < 16; row++) {
    for (int column = 0; column < 16; column++) {
      float even = 0, odd = 0;
      for (int k = 0; k < 16; k++) {
        const uint16_t *left = &tiles[rows].halves[row][2 * k], *right = &tiles[columns].halves[k][2 * column];
        even = fmaf(widened(left[0]), widened(right[0]), even);
        odd = fmaf(widened(left[1]), widened(right[1]), odd);
      }
      tiles[sums].floats[row][column] += even + odd;
    }
  }
}
