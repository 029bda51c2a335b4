#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The part of libtiff's interface that is used. It is the same in libtiff.so.5 and .6; stated here, so that building
// needs no headers of a library that is loaded on demand.

typedef struct tiff TIFF;
typedef struct tiff_open_options TIFFOpenOptions;

/// Is told what is wrong. Nonzero means that nobody else needs to be.
typedef int tiff_message_handler(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments);

struct libtiff {
  TIFF *(*client_open)(
      const char *name, const char *mode, void *client, ssize_t (*read)(void *, void *, ssize_t),
      ssize_t (*write)(void *, void *, ssize_t), uint64_t (*seek)(void *, uint64_t, int), int (*close)(void *),
      uint64_t (*size)(void *), int (*map)(void *, void **, uint64_t *), void (*unmap)(void *, void *, uint64_t));
  void (*close)(TIFF *);
  int (*get)(TIFF *, uint32_t, ...);
  int (*get_defaulted)(TIFF *, uint32_t, ...);
  int (*set)(TIFF *, uint32_t, ...);
  int (*is_tiled)(TIFF *);
  int (*has_codec)(uint16_t);
  ssize_t (*scanline_size)(TIFF *);
  ssize_t (*strip_size)(TIFF *);
  ssize_t (*tile_size)(TIFF *);
  int (*read_scanline)(TIFF *, void *, uint32_t, uint16_t);
  uint32_t (*compute_strip)(TIFF *, uint32_t, uint16_t);
  uint32_t (*compute_tile)(TIFF *, uint32_t, uint32_t, uint32_t, uint16_t);
  ssize_t (*read_strip)(TIFF *, uint32_t, void *, ssize_t);
  ssize_t (*read_tile)(TIFF *, uint32_t, void *, ssize_t);
  int (*read_rgba_strip)(TIFF *, uint32_t, uint32_t *);
  int (*read_rgba_tile)(TIFF *, uint32_t, uint32_t, uint32_t *);
  int (*rgba_ok)(TIFF *, char message[1024]);
  int (*is_swapped)(TIFF *);
  /// The handlers of the whole process, which belong to the program.
  void *(*set_handlers[4])(void *);
  // Since libtiff 4.1; else NULL.
  uint64_t (*strile_offset)(TIFF *, uint32_t);
  // Since libtiff 4.5; else all NULL.
  TIFFOpenOptions *(*options_alloc)(void);
  void (*options_free)(TIFFOpenOptions *);
  void (*options_set_error_handler)(TIFFOpenOptions *, tiff_message_handler *, void *user);
  void (*options_set_warning_handler)(TIFFOpenOptions *, tiff_message_handler *, void *user);
  TIFF *(*client_open_with)(
      const char *name, const char *mode, void *client, ssize_t (*read)(void *, void *, ssize_t),
      ssize_t (*write)(void *, void *, ssize_t), uint64_t (*seek)(void *, uint64_t, int), int (*close)(void *),
      uint64_t (*size)(void *), int (*map)(void *, void **, uint64_t *), void (*unmap)(void *, void *, uint64_t),
      TIFFOpenOptions *);
};

/// The library, loaded at the first call; NULL where it is not installed.
const struct libtiff *libtiff_shared(void);

// By default libtiff prints on standard error. Releases before 4.5 can be quieted for a whole process only, which is done
// between these two, one thread at a time, and the handlers that the program has set are put back; for later ones both do
// nothing.
void libtiff_begin(const struct libtiff *library);
void libtiff_end(const struct libtiff *library);

enum {
  tiff_tag_width = 256,
  tiff_tag_height = 257,
  tiff_tag_bits = 258,
  tiff_tag_compression = 259,
  tiff_tag_photometric = 262,
  tiff_tag_fill_order = 266,
  tiff_tag_orientation = 274,
  tiff_tag_samples = 277,
  tiff_tag_rows_per_strip = 278,
  tiff_tag_planar = 284,
  tiff_tag_colormap = 320,
  tiff_tag_tile_width = 322,
  tiff_tag_tile_height = 323,
  tiff_tag_extra_samples = 338,
  tiff_tag_sample_format = 339,
  tiff_tag_jpeg_color_mode = 65538,
};

enum { tiff_compression_none = 1, tiff_compression_jpeg = 7 };
enum { tiff_fill_order_reversed = 2 };
enum { tiff_planar_contiguous = 1, tiff_planar_separate = 2 };
enum { tiff_format_unsigned = 1, tiff_format_void = 4 };

enum {
  tiff_white_is_zero = 0,
  tiff_black_is_zero = 1,
  tiff_rgb = 2,
  tiff_palette = 3,
  tiff_separated = 5,
  tiff_ycbcr = 6,
  tiff_cielab = 8,
  tiff_icclab = 9,
  tiff_itulab = 10,
};
