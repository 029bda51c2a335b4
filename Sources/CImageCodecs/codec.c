#include "codec.h"

#include <stdio.h>
#include <stdlib.h>

void *codec_new_reader(
    size_t size, const uint8_t *bytes, size_t count, struct codec_options options, struct codec_failure *failure) {
  struct codec_reader *reader = calloc(1, size);
  if (reader == NULL) {
    return NULL;
  }
  reader->bytes = bytes;
  reader->count = count;
  reader->options = options;
  reader->failure = failure;
  return reader;
}

int codec_fail(struct codec_reader *reader, int status, size_t offset, const char *message) {
  reader->failure->offset = offset;
  reader->failure->rows = (int64_t)reader->row;
  snprintf(reader->failure->message, sizeof reader->failure->message, "%s", message);
  return status;
}

int codec_finish_open(
    struct codec_reader *reader, int status, struct codec_header *header, struct codec_reader **result) {
  if (status == codec_success) {
    *header = reader->header;
    *result = reader;
  } else {
    reader->close(reader);
  }
  return status;
}

size_t codec_row_bytes(const struct codec_header *header) {
  size_t samples = header->layout == codec_inverted_cmyk ? 4 : (size_t)header->layout;
  return (size_t)header->width * samples;
}

int codec_read_rows(
    struct codec_reader *reader, uint8_t *rows, size_t stride, size_t count, struct codec_failure *failure) {
  reader->failure = failure;
  if (count > reader->header.height - reader->row) {
    return codec_fail(reader, codec_malformed, 0, "more rows were asked for than there are");
  }
  return reader->read(reader, rows, stride, count);
}

void codec_close(struct codec_reader *reader) {
  reader->close(reader);
}
