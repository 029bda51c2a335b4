#include "CImageCodecs.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

// One decoding. It lives in the frame of the caller of the function that calls setjmp, so that its members keep their
// values after a longjmp.
struct png_reader {
  const uint8_t *bytes;
  size_t count;
  size_t offset;
  int status;
  struct codec_failure *failure;
  png_structp png;
  png_infop info;
};

static void png_fail(png_structp png, png_const_charp message) {
  struct png_reader *reader = png_get_error_ptr(png);
  if (reader->status == codec_success) {
    // libpng's only sign of exhausted memory is its message.
    reader->status = strstr(message, "memory") != NULL ? codec_out_of_memory : codec_malformed;
  }
  reader->failure->offset = reader->offset;
  snprintf(reader->failure->message, sizeof reader->failure->message, "%s", message);
  png_longjmp(png, 1);
}

static void png_ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void png_take(png_structp png, png_bytep destination, size_t length) {
  struct png_reader *reader = png_get_io_ptr(png);
  if (length > reader->count - reader->offset) {
    reader->status = codec_truncated;
    reader->offset = reader->count;
    png_error(png, "the file ends inside a chunk");
  }
  memcpy(destination, reader->bytes + reader->offset, length);
  reader->offset += length;
}

// Asks for RGB or RGBA of 8 bits, whatever the file holds, and describes the result.
static void png_configure(struct png_reader *reader, struct codec_header *header) {
  png_structp png = reader->png;
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  // Text, profiles and the like: checked, but neither inflated nor kept.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_read_fn(png, reader, png_take);
  png_read_info(png, reader->info);

  bool transparent = (png_get_color_type(png, reader->info) & PNG_COLOR_MASK_ALPHA) != 0
      || png_get_valid(png, reader->info, PNG_INFO_tRNS) != 0;
  header->width = png_get_image_width(png, reader->info);
  header->height = png_get_image_height(png, reader->info);
  header->channels = transparent ? 4 : 3;
  header->inverted = false;
}

static void png_read_pixels(struct png_reader *reader, uint8_t *pixels, size_t capacity) {
  png_structp png = reader->png;
  struct codec_header header;
  png_configure(reader, &header);
  png_set_expand(png);
  png_set_gray_to_rgb(png);
  png_set_scale_16(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);

  size_t stride = (size_t)header.width * header.channels;
  if (png_get_rowbytes(png, reader->info) != stride || capacity / stride < header.height) {
    png_error(png, "the rows are not of the size that the header says");
  }
  for (int pass = 0; pass < passes; ++pass) {
    for (size_t y = 0; y < header.height; ++y) {
      png_read_row(png, pixels + y * stride, NULL);
    }
  }
  png_read_end(png, NULL);
}

static void png_run(struct png_reader *reader, struct codec_header *header, uint8_t *pixels, size_t capacity) {
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, png_fail, png_ignore_warning);
  if (reader->png == NULL) {
    reader->status = codec_out_of_memory;
    return;
  }
  if (setjmp(png_jmpbuf(reader->png)) == 0) {
    reader->info = png_create_info_struct(reader->png);
    if (reader->info == NULL) {
      png_error(reader->png, "out of memory");
    }
    if (header != NULL) {
      png_configure(reader, header);
    } else {
      png_read_pixels(reader, pixels, capacity);
    }
  }
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
}

int codec_png_header(
    const uint8_t *bytes, size_t count, struct codec_header *header, struct codec_failure *failure) {
  struct png_reader reader = {.bytes = bytes, .count = count, .failure = failure};
  png_run(&reader, header, NULL, 0);
  return reader.status;
}

int codec_png_decode(
    const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, struct codec_failure *failure) {
  struct png_reader reader = {.bytes = bytes, .count = count, .failure = failure};
  png_run(&reader, NULL, pixels, capacity);
  return reader.status;
}
