#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { most_heif_turns = 4 };

/// How the primary image of a HEIF file is turned after it was decoded and cropped.
struct heif_turns {
  int count;
  struct {
    bool is_mirror;
    /// Quarter turns to the left, or the axis of a mirror: 0 exchanges top and bottom, 1 left and right.
    uint8_t value;
  } turns[most_heif_turns];
};

/// Finds what the file says; libheif tells it since 1.16 only. Nothing is found where the file is damaged.
struct heif_turns heif_find_turns(const uint8_t *bytes, size_t count);

/// Whether width and height are exchanged.
bool heif_is_transposed(const struct heif_turns *turns);

/// Where the pixel of a stored picture is in the one that is turned.
void heif_turn(const struct heif_turns *turns, size_t width, size_t height, size_t *x, size_t *y);
