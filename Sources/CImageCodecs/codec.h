#pragma once

#include "CImageCodecs.h"

// What every reader starts with.
struct codec_reader {
  /// Decodes the next rows, or returns what went wrong after telling it to `codec_fail`.
  int (*read)(struct codec_reader *reader, uint8_t *rows, size_t stride, size_t count);
  /// Frees the reader and all that it holds.
  void (*close)(struct codec_reader *reader);
  struct codec_header header;
  struct codec_options options;
  const uint8_t *bytes;
  size_t count;
  /// Rows that have been handed out.
  size_t row;
  /// Set once a tolerated error has ended the decoding: what is left is filled.
  bool ended;
  /// Of the call that is running.
  struct codec_failure *failure;
};

/// Allocates a reader whose first member is a `codec_reader`; NULL where memory is out.
void *codec_new_reader(
    size_t size, const uint8_t *bytes, size_t count, struct codec_options options, struct codec_failure *failure);

/// Records what is wrong and returns the status.
int codec_fail(struct codec_reader *reader, int status, size_t offset, const char *message);

/// Ends an open function: gives the reader to the caller on success, closes it otherwise.
int codec_finish_open(
    struct codec_reader *reader, int status, struct codec_header *header, struct codec_reader **result);

/// Bytes of a decoded row.
size_t codec_row_bytes(const struct codec_header *header);
