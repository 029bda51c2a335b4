#pragma once

// The matrix registers of Intel AMX in plain C, eight of 16 rows of 64 bytes for each thread.

void emulated_tiles_clear(void);
void emulated_tile_load(int tile, const void *address, long stride);
void emulated_tile_store(int tile, void *address, long stride);
/// Adds the products of words of four bytes, those of `rows` unsigned (TDPBUSD).
void emulated_tile_multiply_bytes(int sums, int rows, int columns);
/// Adds the products of words of two bf16 values; denormal ones count as zero (TDPBF16PS).
void emulated_tile_multiply_bf16(int sums, int rows, int columns);
