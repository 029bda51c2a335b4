#include "codec.h"
#include "heif_turns.h"
#include "library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// The part of libheif's interface that is used, the same in all of libheif.so.1; stated here, so that building needs no
// headers of a library that is loaded on demand.
struct heif_error {
  int code;
  int subcode;
  const char *message;
};

enum { heif_unsupported_filetype = 3, heif_unsupported_feature = 4, heif_memory_error = 6, heif_plugin_missing = 11 };
enum { heif_colorspace_rgb = 1, heif_chroma_rgb = 10, heif_chroma_rgba = 11, heif_channel_interleaved = 10 };

// What is known of the library's options, which it allocates.
struct heif_decoding_options {
  uint8_t version;
  uint8_t ignore_transformations;
  void (*progress[3])(void);
  void *progress_data;
  uint8_t convert_hdr_to_8bit;
  uint8_t strict_decoding;  // since version 3 of the options: libheif 1.15
};

static struct libheif {
  void *(*context_alloc)(void);
  void (*context_free)(void *);
  struct heif_error (*read)(void *context, const void *bytes, size_t count, const void *options);
  struct heif_error (*primary)(void *context, void **handle);
  void (*handle_release)(const void *handle);
  int (*width)(const void *handle);
  int (*height)(const void *handle);
  int (*has_alpha)(const void *handle);
  struct heif_decoding_options *(*options_alloc)(void);
  void (*options_free)(struct heif_decoding_options *);
  struct heif_error (*decode)(
      const void *handle, void **image, int colorspace, int chroma, const struct heif_decoding_options *options);
  int (*image_width)(const void *image, int channel);
  int (*image_height)(const void *image, int channel);
  const uint8_t *(*plane)(const void *image, int channel, int *stride);
  void (*image_release)(const void *image);
} library;
static bool is_loaded;

static void libheif_load(void) {
  static const char *const names[] = LIBRARY_NAMES("heif", "libheif.so.1", "libheif.so");
#define FUNCTION(name, member) {"heif_" name, (void **)&library.member, false}
  const struct library_function functions[] = {
      FUNCTION("context_alloc", context_alloc),
      FUNCTION("context_free", context_free),
      FUNCTION("context_read_from_memory_without_copy", read),
      FUNCTION("context_get_primary_image_handle", primary),
      FUNCTION("image_handle_release", handle_release),
      FUNCTION("image_handle_get_width", width),
      FUNCTION("image_handle_get_height", height),
      FUNCTION("image_handle_has_alpha_channel", has_alpha),
      FUNCTION("decoding_options_alloc", options_alloc),
      FUNCTION("decoding_options_free", options_free),
      FUNCTION("decode_image", decode),
      FUNCTION("image_get_width", image_width),
      FUNCTION("image_get_height", image_height),
      FUNCTION("image_get_plane_readonly", plane),
      FUNCTION("image_release", image_release),
  };
#undef FUNCTION
  is_loaded = library_load(names, functions, sizeof functions / sizeof functions[0]);
}

// libheif decodes the whole image, and crops and turns it as the file says. Where it is wanted as it is stored, what it was
// turned by is undone: libheif can leave out only all three.
struct heif_reader {
  struct codec_reader base;
  void *context, *handle, *image;
  const uint8_t *pixels;
  size_t stride;
  /// What is undone.
  struct heif_turns turns;
};

static int heif_fail(struct heif_reader *reader, struct heif_error error) {
  int status = codec_malformed;
  if (error.code == heif_memory_error) {
    status = codec_out_of_memory;
  } else if (error.code == heif_unsupported_filetype || error.code == heif_unsupported_feature
             || error.code == heif_plugin_missing) {
    status = codec_unsupported;
  }
  codec_fail(&reader->base, status, 0, error.message != NULL ? error.message : "damaged image data");
  reader->base.failure->rows = -1;
  return status;
}

static int heif_decode(struct heif_reader *reader) {
  struct codec_reader *base = &reader->base;
  struct heif_decoding_options *options = library.options_alloc();
  if (options == NULL) {
    return codec_fail(base, codec_out_of_memory, 0, "");
  }
  // Else what is damaged is filled with whatever was in memory: other pixels each time.
  if (options->version >= 3) {
    options->strict_decoding = !base->options.tolerant;
  }
  int chroma = base->header.layout == codec_rgba ? heif_chroma_rgba : heif_chroma_rgb;
  struct heif_error error = library.decode(reader->handle, &reader->image, heif_colorspace_rgb, chroma, options);
  library.options_free(options);
  if (error.code != 0) {
    return heif_fail(reader, error);
  }
  int stride = 0;
  size_t width = base->header.width, height = base->header.height, row_bytes = codec_row_bytes(&base->header);
  if (heif_is_transposed(&reader->turns)) {
    row_bytes = row_bytes / width * height;
    width = base->header.height;
    height = base->header.width;
  }
  reader->pixels = library.plane(reader->image, heif_channel_interleaved, &stride);
  reader->stride = stride > 0 ? (size_t)stride : 0;
  if (reader->pixels == NULL || reader->stride < row_bytes
      || library.image_width(reader->image, heif_channel_interleaved) != (int)width
      || library.image_height(reader->image, heif_channel_interleaved) != (int)height) {
    return codec_fail(base, codec_malformed, 0, "an image of another size than the header says");
  }
  return codec_success;
}

static void heif_copy_row(const struct heif_reader *reader, size_t row, uint8_t *pixels) {
  const struct codec_header *header = &reader->base.header;
  size_t row_bytes = codec_row_bytes(header);
  if (reader->turns.count == 0) {
    memcpy(pixels, reader->pixels + row * reader->stride, row_bytes);
    return;
  }
  size_t size = row_bytes / header->width;
  for (size_t column = 0; column < header->width; ++column) {
    size_t x = column, y = row;
    heif_turn(&reader->turns, header->width, header->height, &x, &y);
    memcpy(pixels + column * size, reader->pixels + y * reader->stride + x * size, size);
  }
}

static int heif_read(struct codec_reader *base, uint8_t *rows, size_t stride, size_t count) {
  struct heif_reader *reader = (struct heif_reader *)base;
  if (reader->image == NULL) {
    int status = heif_decode(reader);
    if (status != codec_success) {
      return status;
    }
  }
  for (size_t index = 0; index < count; ++index) {
    heif_copy_row(reader, base->row + index, rows + index * stride);
  }
  base->row += count;
  return codec_success;
}

static void heif_close(struct codec_reader *base) {
  struct heif_reader *reader = (struct heif_reader *)base;
  if (reader->image != NULL) {
    library.image_release(reader->image);
  }
  if (reader->handle != NULL) {
    library.handle_release(reader->handle);
  }
  if (reader->context != NULL) {
    library.context_free(reader->context);
  }
  free(reader);
}

static int heif_read_header(struct heif_reader *reader) {
  struct codec_header *header = &reader->base.header;
  reader->context = library.context_alloc();
  if (reader->context == NULL) {
    return codec_fail(&reader->base, codec_out_of_memory, 0, "");
  }
  struct heif_error error = library.read(reader->context, reader->base.bytes, reader->base.count, NULL);
  if (error.code == 0) {
    error = library.primary(reader->context, &reader->handle);
  }
  if (error.code != 0) {
    return heif_fail(reader, error);
  }
  if (reader->base.options.keeps_orientation) {
    reader->turns = heif_find_turns(reader->base.bytes, reader->base.count);
  }
  bool is_transposed = heif_is_transposed(&reader->turns);
  int width = is_transposed ? library.height(reader->handle) : library.width(reader->handle);
  int height = is_transposed ? library.width(reader->handle) : library.height(reader->handle);
  header->width = width > 0 ? (uint32_t)width : 0;
  header->height = height > 0 ? (uint32_t)height : 0;
  header->layout = library.has_alpha(reader->handle) ? codec_rgba : codec_rgb;
  return codec_success;
}

int codec_open_heif(
    const uint8_t *bytes, size_t count, struct codec_options options, struct codec_header *header,
    struct codec_reader **result, struct codec_failure *failure) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, libheif_load);
  if (!is_loaded) {
    return codec_missing_library;
  }
  struct heif_reader *reader = codec_new_reader(sizeof *reader, bytes, count, options, failure);
  if (reader == NULL) {
    return codec_out_of_memory;
  }
  reader->base.read = heif_read;
  reader->base.close = heif_close;
  return codec_finish_open(&reader->base, heif_read_header(reader), header, result);
}
