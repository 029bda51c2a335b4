#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// PNG and JPEG files in memory to 8-bit pixels. libpng and libjpeg report errors by longjmp, which must not cross
// Swift frames: every function here catches it and returns a status. Nothing is kept between calls, so any number of
// threads may call at once.

/// How a call ended.
enum codec_status {
  codec_success = 0,
  /// The file ends before the image does.
  codec_truncated,
  /// The library refused the contents.
  codec_malformed,
  /// A valid file of a kind that is not read.
  codec_unsupported,
  /// The library could not allocate its own memory.
  codec_out_of_memory,
};

/// What is wrong and where. Untouched on success.
struct codec_failure {
  /// Bytes of the file consumed when the error was noticed.
  size_t offset;
  /// The library's words, ended by a zero byte.
  char message[200];
};

/// What a file's header declares; known before memory is allocated for pixels.
struct codec_header {
  uint32_t width;
  uint32_t height;
  /// Bytes of a decoded pixel: 3 for RGB; 4 for RGB and alpha (PNG), or for CMYK (JPEG).
  uint32_t channels;
  /// Whether CMYK values are stored as 255 minus the amount of ink, as Adobe's programs do.
  bool inverted;
};

/// Reads everything up to the first pixel.
int codec_png_header(
    const uint8_t *_Nonnull bytes, size_t count, struct codec_header *_Nonnull header,
    struct codec_failure *_Nonnull failure);

/// Decodes the whole image into `pixels`, which holds at least width x height x channels bytes of the header.
int codec_png_decode(
    const uint8_t *_Nonnull bytes, size_t count, uint8_t *_Nonnull pixels, size_t capacity,
    struct codec_failure *_Nonnull failure);

int codec_jpeg_header(
    const uint8_t *_Nonnull bytes, size_t count, struct codec_header *_Nonnull header,
    struct codec_failure *_Nonnull failure);

int codec_jpeg_decode(
    const uint8_t *_Nonnull bytes, size_t count, uint8_t *_Nonnull pixels, size_t capacity,
    struct codec_failure *_Nonnull failure);
