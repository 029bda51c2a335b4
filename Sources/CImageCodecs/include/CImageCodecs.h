#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Image files in memory to rows of 8-bit samples, through the system's libraries. Some of them report errors by longjmp,
// which must not cross Swift frames: every function here catches it and returns a status. Nothing is shared between
// readers, so any number of threads may have one each.

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
  /// The library is loaded on demand, and is not installed.
  codec_missing_library,
};

/// What is wrong and where. Untouched on success.
struct codec_failure {
  /// Bytes of the file consumed when the error was noticed; 0 where the library does not tell.
  size_t offset;
  /// Whole rows that had been decoded then; -1 where rows arrive in more than one pass.
  int64_t rows;
  /// The library's words, ended by a zero byte.
  char message[200];
};

/// The samples of a decoded pixel, a byte each.
enum codec_layout {
  codec_gray = 1,
  codec_gray_alpha,
  codec_rgb,
  codec_rgba,
  /// Cyan, magenta, yellow and black, each stored as 255 minus the amount of ink.
  codec_inverted_cmyk,
};

/// What a file's header declares; known before memory is allocated for pixels.
struct codec_header {
  uint32_t width;
  uint32_t height;
  enum codec_layout layout;
  /// As the EXIF tag, 1 to 8, where the library reads it; else 0.
  uint32_t orientation;
};

/// How a file is read.
struct codec_options {
  /// Whether a damaged file gives the rows that can be decoded, and black, transparent or grey ones in place of the others.
  bool tolerant;
  /// Whether a library that turns images by itself leaves them as they are stored.
  bool keeps_orientation;
};

/// A file of which rows are being decoded. It refers to the file's bytes, which must outlive it.
struct codec_reader;

/// Reads everything up to the first pixel. Gives a reader where it returns `codec_success`.
typedef int codec_open(
    const uint8_t *_Nonnull bytes, size_t count, struct codec_options options, struct codec_header *_Nonnull header,
    struct codec_reader *_Nullable *_Nonnull reader, struct codec_failure *_Nonnull failure);

codec_open codec_open_png, codec_open_jpeg, codec_open_webp, codec_open_gif;

/// Through libtiff, loaded on demand: with its eight companions it would cost every start of every program 11 ms.
codec_open codec_open_tiff;

/// HEIC and AVIF, through libheif, loaded on demand: another 18 ms, and rarely wanted.
codec_open codec_open_heif;

/// Decodes the next `count` rows, which must be there, each `stride` bytes after the one before.
int codec_read_rows(
    struct codec_reader *_Nonnull reader, uint8_t *_Nonnull rows, size_t stride, size_t count,
    struct codec_failure *_Nonnull failure);

void codec_close(struct codec_reader *_Nonnull reader);

/// Writes rows of red, green and blue as a PNG file into memory that holds `*count` bytes, and sets `*count` to its size.
/// False where libpng has too little memory, or the file does not fit.
bool codec_write_png(
    const uint8_t *_Nonnull pixels, uint32_t width, uint32_t height, uint8_t *_Nonnull file, size_t *_Nonnull count);
