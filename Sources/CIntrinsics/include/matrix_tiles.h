// Intel AMX: eight registers of 16 rows of 64 bytes. Tiles 0 and 1 hold the sums of 16 rows of a product in two times 16
// columns, tiles 2 and 3 those of 16 more rows; 4 and 5 hold words of the rows, 6 and 7 those of the columns.
#pragma once

#include "intrinsics.h"

#if defined(__AMX_TILE__) && defined(__AMX_INT8__) && defined(__AMX_BF16__)

#define ROW_BYTES 64
#define PANEL_ROW_BYTES 128

// All tiles of the full size. It takes 0.07 microseconds.
INLINE void configure_tiles(void) {
  static const struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } all = {
      1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16},
  };
  _tile_loadconfig(&all);
}

// Gives the tiles back: a thread that has them is switched more slowly, and keeps its core from sleeping deeply.
INLINE void release_tiles(void) { _tile_release(); }

INLINE void clear_one_tile(void) {
  _tile_zero(0);
  _tile_zero(1);
}
INLINE void clear_two_tiles(void) {
  clear_one_tile();
  _tile_zero(2);
  _tile_zero(3);
}

// 16 words of each row, and 16 rows of a column panel.
INLINE void load_columns_to_tiles(const void *columns) {
  _tile_loadd(6, columns, PANEL_ROW_BYTES);
  _tile_loadd(7, (const char *)columns + ROW_BYTES, PANEL_ROW_BYTES);
}
INLINE void load_one_tile(const void *rows, const void *columns) {
  _tile_loadd(4, rows, ROW_BYTES);
  load_columns_to_tiles(columns);
}
INLINE void load_two_tiles(const void *rows, const void *more_rows, const void *columns) {
  load_one_tile(rows, columns);
  _tile_loadd(5, more_rows, ROW_BYTES);
}

// Four bytes a word, those of the rows unsigned.
INLINE void multiply_one_tile_of_bytes(void) {
  _tile_dpbusd(0, 4, 6);
  _tile_dpbusd(1, 4, 7);
}
INLINE void multiply_two_tiles_of_bytes(void) {
  multiply_one_tile_of_bytes();
  _tile_dpbusd(2, 5, 6);
  _tile_dpbusd(3, 5, 7);
}

// Two bf16 values a word. Denormal inputs and results count as zero.
INLINE void multiply_one_tile_of_bf16(void) {
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 4, 7);
}
INLINE void multiply_two_tiles_of_bf16(void) {
  multiply_one_tile_of_bf16();
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

// 16 or 32 rows of 32 words.
INLINE void store_one_tile(void *sums) {
  _tile_stored(0, sums, PANEL_ROW_BYTES);
  _tile_stored(1, (char *)sums + ROW_BYTES, PANEL_ROW_BYTES);
}
INLINE void store_two_tiles(void *sums) {
  store_one_tile(sums);
  _tile_stored(2, (char *)sums + 16 * PANEL_ROW_BYTES, PANEL_ROW_BYTES);
  _tile_stored(3, (char *)sums + 16 * PANEL_ROW_BYTES + ROW_BYTES, PANEL_ROW_BYTES);
}

#endif
