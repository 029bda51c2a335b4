#include "codec.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct png_reader {
  struct codec_reader base;
  png_structp png;
  png_infop info;
  size_t offset;
  /// Where the next chunk starts.
  size_t next_chunk;
  int status;
  bool is_started;
  /// All rows of an interlaced image, which come in passes.
  uint8_t *passes;
  /// What stands for a pixel that is missing: the file's sample 0, as Pillow has it.
  uint8_t blank[4];
  jmp_buf escape;
};

static void png_fail(png_structp png, png_const_charp message) {
  struct png_reader *reader = png_get_error_ptr(png);
  if (reader->status == codec_success) {
    // libpng's only sign of exhausted memory is its message.
    reader->status = strstr(message, "memory") != NULL ? codec_out_of_memory : codec_malformed;
  }
  codec_fail(&reader->base, reader->status, reader->offset, message);
  if (png_get_interlace_type(png, reader->info) != PNG_INTERLACE_NONE) {
    reader->base.failure->rows = -1;
  }
  longjmp(reader->escape, 1);
}

static void png_ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

// Chunks that do not touch the pixels: damage to them does not touch the picture. The orientation is read elsewhere.
static bool png_is_harmless(const uint8_t *type) {
  static const char names[][5] = {
      "tEXt", "zTXt", "iTXt", "tIME", "pHYs", "gAMA", "cHRM", "sRGB", "iCCP", "bKGD", "hIST", "sPLT", "sBIT", "eXIf",
  };
  for (size_t index = 0; index < sizeof names / sizeof names[0]; ++index) {
    if (memcmp(type, names[index], 4) == 0) {
      return true;
    }
  }
  return false;
}

/// The length of the chunk at an offset, with its type and checksum; 0 where the file ends before.
static size_t png_chunk_length(const struct codec_reader *base, size_t offset) {
  if (offset > base->count || base->count - offset < 8) {
    return 0;
  }
  const uint8_t *at = base->bytes + offset;
  return ((size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3]) + 12;
}

static void png_take(png_structp png, png_bytep destination, size_t length) {
  struct png_reader *reader = png_get_io_ptr(png);
  const struct codec_reader *base = &reader->base;
  while (reader->offset == reader->next_chunk) {
    size_t chunk = png_chunk_length(base, reader->offset);
    if (chunk == 0) {
      break;
    }
    reader->next_chunk += chunk;
    if (!png_is_harmless(base->bytes + reader->offset + 4)) {
      break;
    }
    reader->offset = chunk <= base->count - reader->offset ? reader->next_chunk : base->count;
  }
  if (length > base->count - reader->offset) {
    reader->status = codec_truncated;
    reader->offset = base->count;
    png_error(png, "the file ends inside a chunk");
  }
  memcpy(destination, base->bytes + reader->offset, length);
  reader->offset += length;
}

/// Whether the chunks reach to the end of the image.
static bool png_is_whole(const struct codec_reader *base) {
  size_t offset = 8;
  while (true) {
    size_t chunk = png_chunk_length(base, offset);
    if (chunk == 0 || chunk > base->count - offset) {
      return false;
    }
    if (memcmp(base->bytes + offset + 4, "IEND", 4) == 0) {
      return true;
    }
    offset += chunk;
  }
}

static void png_find_blank(struct png_reader *reader, bool transparent) {
  png_bytep alphas = NULL;
  png_color_16p key = NULL;
  int count = 0;
  int type = png_get_color_type(reader->png, reader->info);
  png_get_tRNS(reader->png, reader->info, &alphas, &count, &key);
  uint8_t alpha = 255;
  if ((type & PNG_COLOR_MASK_ALPHA) != 0) {
    alpha = 0;
  } else if (type == PNG_COLOR_TYPE_PALETTE) {
    png_colorp palette;
    int colors = 0;
    if (png_get_PLTE(reader->png, reader->info, &palette, &colors) != 0 && colors > 0) {
      reader->blank[0] = palette[0].red;
      reader->blank[1] = palette[0].green;
      reader->blank[2] = palette[0].blue;
    }
    alpha = alphas != NULL && count > 0 ? alphas[0] : 255;
  } else if (key != NULL) {
    bool is_zero = type == PNG_COLOR_TYPE_GRAY ? key->gray == 0 : key->red == 0 && key->green == 0 && key->blue == 0;
    alpha = is_zero ? 0 : 255;
  }
  if (transparent) {
    reader->blank[codec_row_bytes(&reader->base.header) / reader->base.header.width - 1] = alpha;
  }
}

// Asks for 8 bits, whatever the file holds, and describes the result.
static void png_read_header(struct png_reader *reader) {
  struct codec_reader *base = &reader->base;
  png_structp png = reader->png;
  int crc_action = base->options.tolerant ? PNG_CRC_QUIET_USE : PNG_CRC_ERROR_QUIT;
  png_set_crc_action(png, crc_action, crc_action);
  // Unknown chunks: checked, but neither inflated nor kept.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_read_fn(png, reader, png_take);
  if (base->options.tolerant && !png_is_whole(base)) {
    // Byte by byte, so that nothing of the last chunk's data is lost.
    png_set_compression_buffer_size(png, 1);
  }
  png_read_info(png, reader->info);

  int type = png_get_color_type(png, reader->info);
  bool transparent = (type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, reader->info, PNG_INFO_tRNS) != 0;
  bool colored = (type & PNG_COLOR_MASK_COLOR) != 0;
  base->header.width = png_get_image_width(png, reader->info);
  base->header.height = png_get_image_height(png, reader->info);
  base->header.layout =
      colored ? (transparent ? codec_rgba : codec_rgb) : (transparent ? codec_gray_alpha : codec_gray);
  png_find_blank(reader, transparent);
}

static void png_fill(struct png_reader *reader, uint8_t *row) {
  size_t size = codec_row_bytes(&reader->base.header);
  size_t samples = size / reader->base.header.width;
  for (size_t place = 0; place < size; ++place) {
    row[place] = reader->blank[place % samples];
  }
}

static void png_start(struct png_reader *reader) {
  png_structp png = reader->png;
  const struct codec_header *header = &reader->base.header;
  png_set_expand(png);
  png_set_scale_16(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  size_t stride = codec_row_bytes(header);
  if (png_get_rowbytes(png, reader->info) != stride) {
    png_error(png, "the rows are not of the size that the header says");
  }
  reader->is_started = true;
  if (passes == 1) {
    return;
  }
  reader->passes = malloc(stride * header->height);
  if (reader->passes == NULL) {
    png_error(png, "out of memory");
  }
  for (size_t y = 0; y < header->height; ++y) {
    png_fill(reader, reader->passes + y * stride);
  }
  for (int pass = 0; pass < passes; ++pass) {
    for (size_t y = 0; y < header->height; ++y) {
      png_read_row(png, reader->passes + y * stride, NULL);
    }
  }
}

static void png_read_rows_or_jump(struct png_reader *reader, uint8_t *rows, size_t stride, size_t count) {
  struct codec_reader *base = &reader->base;
  if (!reader->is_started) {
    png_start(reader);
  }
  if (reader->passes != NULL) {
    return;
  }
  for (size_t index = 0; index < count; ++index) {
    png_read_row(reader->png, rows + index * stride, NULL);
    base->row += 1;
  }
}

/// Whether every row has come, of every pass: what may follow, the end of the image data and further pictures among it, is
/// no part of the picture.
static bool png_has_all_rows(const struct png_reader *reader) {
  return reader->passes != NULL ? png_get_current_pass_number(reader->png) > 6
                                : png_get_current_row_number(reader->png) >= reader->base.header.height;
}

static int png_read(struct codec_reader *base, uint8_t *rows, size_t stride, size_t count) {
  struct png_reader *reader = (struct png_reader *)base;
  size_t first = base->row;
  bool is_last = count == base->header.height - first;
  if (!base->ended) {
    if (setjmp(reader->escape) == 0) {
      png_read_rows_or_jump(reader, rows, stride, count);
      if (is_last && !base->options.tolerant) {
        png_read_end(reader->png, NULL);
      }
    } else if (reader->is_started && png_has_all_rows(reader)
               && (reader->status == codec_truncated || base->options.tolerant)) {
      base->row = reader->passes != NULL ? first : first + count;
    } else if (!base->options.tolerant || reader->status == codec_out_of_memory || !reader->is_started) {
      return reader->status;
    } else {
      base->ended = true;
    }
  }
  for (size_t index = base->row - first; index < count; ++index) {
    if (reader->passes != NULL) {
      size_t size = codec_row_bytes(&base->header);
      memcpy(rows + index * stride, reader->passes + (first + index) * size, size);
    } else {
      png_fill(reader, rows + index * stride);
    }
  }
  base->row = first + count;
  return codec_success;
}

static void png_close(struct codec_reader *base) {
  struct png_reader *reader = (struct png_reader *)base;
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader->passes);
  free(reader);
}

int codec_open_png(
    const uint8_t *bytes, size_t count, struct codec_options options, struct codec_header *header,
    struct codec_reader **result, struct codec_failure *failure) {
  struct png_reader *reader = codec_new_reader(sizeof *reader, bytes, count, options, failure);
  if (reader == NULL) {
    return codec_out_of_memory;
  }
  reader->base.read = png_read;
  reader->base.close = png_close;
  reader->next_chunk = 8;  // after the signature
  if (setjmp(reader->escape) == 0) {
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, png_fail, png_ignore_warning);
    reader->info = reader->png == NULL ? NULL : png_create_info_struct(reader->png);
    if (reader->info == NULL) {
      reader->status = codec_fail(&reader->base, codec_out_of_memory, 0, "");
    } else {
      png_read_header(reader);
    }
  }
  return codec_finish_open(&reader->base, reader->status, header, result);
}
