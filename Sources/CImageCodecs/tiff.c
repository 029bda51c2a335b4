#include "codec.h"
#include "libtiff.h"

#include <stdlib.h>
#include <string.h>

// Bytes of a band of rows that are decoded together. A sane file stays far below; what it asks for is allocated only
// after its width and height were found to be within the limits.
static const size_t most_band_bytes = (size_t)1 << 30;

// The first image of a file. Rows are decoded a strip, a row of tiles or, where libtiff can, a single row at a time.
struct tiff_reader {
  struct codec_reader base;
  const struct libtiff *library;
  TIFF *tiff;
  uint64_t offset;
  uint16_t bits, samples, photometric, planar;
  /// Of the alpha sample: 0 none, 1 colors are multiplied by it, 2 they are not.
  uint16_t alpha;
  /// Samples that are decoded, from the first on: colors and alpha.
  uint16_t used_samples;
  /// Whether libtiff converts to RGBA, for color spaces of its own.
  bool is_converted;
  bool is_tiled;
  /// Whether rows are decoded one by one.
  bool reads_rows;
  /// Whether the samples are taken from the file as they are stored: libtiff refuses a strip that is not there to its end.
  bool is_stored;
  bool is_swapped, has_reversed_bits;
  uint32_t rows_per_strip;
  uint32_t tile_width;
  /// Of a strip or a tile; 1 where rows are read one by one.
  uint32_t band_height;
  uint8_t *band;
  /// Bytes of one plane of the band (of the whole where there is one plane), and of one of its rows.
  size_t plane_bytes, line_bytes;
  /// The first row of the band, and rows that it has.
  size_t band_row, band_rows;
  /// One tile, where there are tiles.
  uint8_t *tile;
  size_t tile_bytes;
  uint8_t palette[256][3];
};

static ssize_t tiff_take(void *client, void *destination, ssize_t length) {
  struct tiff_reader *reader = client;
  size_t count = 0;
  if (length > 0 && reader->offset < reader->base.count) {
    size_t left = reader->base.count - (size_t)reader->offset;
    count = (size_t)length < left ? (size_t)length : left;
    memcpy(destination, reader->base.bytes + reader->offset, count);
    reader->offset += count;
  }
  return (ssize_t)count;
}

static ssize_t tiff_refuse_to_write(void *client, void *bytes, ssize_t length) {
  (void)client, (void)bytes, (void)length;
  return -1;
}

static uint64_t tiff_seek(void *client, uint64_t offset, int whence) {
  struct tiff_reader *reader = client;
  uint64_t from = whence == 1 ? reader->offset : whence == 2 ? reader->base.count : 0;
  reader->offset = from + offset;
  return reader->offset;
}

static int tiff_close_nothing(void *client) {
  (void)client;
  return 0;
}

static uint64_t tiff_size(void *client) {
  return ((struct tiff_reader *)client)->base.count;
}

static int tiff_map(void *client, void **bytes, uint64_t *size) {
  struct tiff_reader *reader = client;
  *bytes = (void *)reader->base.bytes;
  *size = reader->base.count;
  return 1;
}

static void tiff_unmap(void *client, void *bytes, uint64_t size) {
  (void)client, (void)bytes, (void)size;
}

static int tiff_refuse(struct tiff_reader *reader, const char *what) {
  return codec_fail(&reader->base, codec_unsupported, 0, what);
}

static int tiff_read_colors(struct tiff_reader *reader) {
  uint16_t *channels[3];
  if (!reader->library->get(reader->tiff, tiff_tag_colormap, &channels[0], &channels[1], &channels[2])) {
    return codec_fail(&reader->base, codec_malformed, 0, "a palette image without a palette");
  }
  size_t count = (size_t)1 << reader->bits;
  // Values are of 16 bits; some writers store 8.
  unsigned shift = 0;
  for (size_t index = 0; index < count; ++index) {
    for (int channel = 0; channel < 3; ++channel) {
      shift = channels[channel][index] > 255 ? 8 : shift;
    }
  }
  for (size_t index = 0; index < count; ++index) {
    for (int channel = 0; channel < 3; ++channel) {
      reader->palette[index][channel] = (uint8_t)(channels[channel][index] >> shift);
    }
  }
  return codec_success;
}

/// Tells how samples become pixels, or refuses them.
static int tiff_choose_layout(struct tiff_reader *reader) {
  uint16_t colors = 1;
  struct codec_header *header = &reader->base.header;
  if (reader->is_converted) {
    header->layout = codec_rgb;
    reader->used_samples = 1;
    char message[1024];
    return reader->library->rgba_ok(reader->tiff, message) ? codec_success : tiff_refuse(reader, message);
  }
  switch (reader->photometric) {
  case tiff_white_is_zero:
  case tiff_black_is_zero:
    header->layout = codec_gray;
    break;
  case tiff_palette:
    if (reader->bits > 8) {
      return tiff_refuse(reader, "a palette of more than 256 colors");
    }
    header->layout = codec_rgb;
    break;
  case tiff_rgb:
  case tiff_ycbcr:
    header->layout = codec_rgb;
    colors = 3;
    break;
  case tiff_separated:
    header->layout = codec_inverted_cmyk;
    colors = 4;
    break;
  default:
    return tiff_refuse(reader, "a color space other than gray, RGB, palette, CMYK, YCbCr and Lab");
  }
  if (reader->samples < colors) {
    return codec_fail(&reader->base, codec_malformed, 0, "fewer samples than the color space has");
  }
  uint16_t count = 0;
  uint16_t *kinds = NULL;
  reader->library->get_defaulted(reader->tiff, tiff_tag_extra_samples, &count, &kinds);
  if (colors != 4 && reader->samples > colors) {
    // An extra sample that nothing says anything about is alpha, as for Pillow; one that is said to be unspecified not.
    reader->alpha = count == 0 || kinds == NULL ? 2 : kinds[0] <= 2 ? kinds[0] : 0;
  }
  if (reader->alpha != 0) {
    header->layout = colors == 3 || reader->photometric == tiff_palette ? codec_rgba : codec_gray_alpha;
  }
  reader->used_samples = colors + (reader->alpha != 0 ? 1 : 0);
  return reader->photometric == tiff_palette ? tiff_read_colors(reader) : codec_success;
}

static int tiff_read_header(struct tiff_reader *reader) {
  const struct libtiff *library = reader->library;
  TIFF *tiff = reader->tiff;
  struct codec_header *header = &reader->base.header;
  uint16_t compression = 0, format = 0, orientation = 0;
  if (!library->get(tiff, tiff_tag_width, &header->width) || !library->get(tiff, tiff_tag_height, &header->height)) {
    return codec_fail(&reader->base, codec_malformed, 0, "no width or height");
  }
  if (!library->get(tiff, tiff_tag_photometric, &reader->photometric)) {
    return codec_fail(&reader->base, codec_malformed, 0, "no color space (PhotometricInterpretation)");
  }
  library->get_defaulted(tiff, tiff_tag_bits, &reader->bits);
  library->get_defaulted(tiff, tiff_tag_samples, &reader->samples);
  library->get_defaulted(tiff, tiff_tag_planar, &reader->planar);
  library->get_defaulted(tiff, tiff_tag_compression, &compression);
  library->get_defaulted(tiff, tiff_tag_sample_format, &format);
  library->get_defaulted(tiff, tiff_tag_orientation, &orientation);
  header->orientation = orientation;
  uint16_t fill_order = 0;
  library->get_defaulted(tiff, tiff_tag_fill_order, &fill_order);
  reader->has_reversed_bits = fill_order == tiff_fill_order_reversed;
  reader->is_swapped = library->is_swapped(tiff) != 0;
  if (!library->has_codec(compression)) {
    return tiff_refuse(reader, "a compression that this libtiff does not know");
  }
  if (format != tiff_format_unsigned && format != tiff_format_void) {
    return tiff_refuse(reader, "samples that are no unsigned integers");
  }
  bool is_ycbcr_jpeg = reader->photometric == tiff_ycbcr && compression == tiff_compression_jpeg
      && reader->planar == tiff_planar_contiguous;
  if (is_ycbcr_jpeg) {
    library->set(tiff, tiff_tag_jpeg_color_mode, 1);  // RGB
  }
  reader->is_converted = (reader->photometric == tiff_ycbcr && !is_ycbcr_jpeg) || reader->photometric == tiff_cielab
      || reader->photometric == tiff_icclab || reader->photometric == tiff_itulab;
  if (reader->bits != 1 && reader->bits != 2 && reader->bits != 4 && reader->bits != 8 && reader->bits != 16) {
    return tiff_refuse(reader, "samples of other than 1, 2, 4, 8 and 16 bits");
  }
  reader->is_tiled = library->is_tiled(tiff) != 0;
  reader->is_stored = reader->base.options.tolerant && compression == tiff_compression_none && !reader->is_converted
      && library->strile_offset != NULL;
  return tiff_choose_layout(reader);
}

/// The bytes of a row of so many pixels in one plane.
static size_t tiff_line_bytes(const struct tiff_reader *reader, size_t width) {
  if (reader->is_converted) {
    return width * 4;
  }
  size_t samples = reader->planar == tiff_planar_separate ? 1 : reader->samples;
  return (width * samples * reader->bits + 7) / 8;
}

/// Allocates a band, after comparing what libtiff will write with what is expected.
static int tiff_start(struct tiff_reader *reader) {
  const struct libtiff *library = reader->library;
  size_t width = reader->base.header.width;
  size_t height = reader->base.header.height;
  size_t planes = reader->planar == tiff_planar_separate && !reader->is_converted ? reader->used_samples : 1;
  size_t line = tiff_line_bytes(reader, width);
  // The image is upright as its rows are stored; turning it comes later.
  library->set(reader->tiff, tiff_tag_orientation, 1);
  library->get_defaulted(reader->tiff, tiff_tag_rows_per_strip, &reader->rows_per_strip);
  if (reader->rows_per_strip == 0 || reader->rows_per_strip > height) {
    reader->rows_per_strip = (uint32_t)height;
  }
  if (reader->is_tiled) {
    uint32_t tile_height = 0;
    library->get(reader->tiff, tiff_tag_tile_width, &reader->tile_width);
    library->get(reader->tiff, tiff_tag_tile_height, &tile_height);
    if (reader->tile_width == 0 || tile_height == 0 || reader->tile_width > 65536 || tile_height > 65536) {
      return tiff_refuse(reader, "tiles of an impossible size");
    }
    reader->band_height = tile_height;
    reader->tile_bytes = tiff_line_bytes(reader, reader->tile_width) * tile_height;
    if (!reader->is_converted && library->tile_size(reader->tiff) != (ssize_t)reader->tile_bytes) {
      return tiff_refuse(reader, "tiles of an unexpected size");
    }
  } else if (planes == 1 && !reader->is_converted) {
    reader->band_height = 1;
    reader->reads_rows = true;
    if (library->scanline_size(reader->tiff) != (ssize_t)line) {
      return tiff_refuse(reader, "rows of an unexpected size");
    }
  } else {
    reader->band_height = reader->rows_per_strip;
    if (!reader->is_converted && library->strip_size(reader->tiff) != (ssize_t)(line * reader->band_height)) {
      return tiff_refuse(reader, "strips of an unexpected size");
    }
  }
  if (line > most_band_bytes / planes / reader->band_height || reader->tile_bytes > most_band_bytes) {
    return tiff_refuse(reader, "strips or tiles of more than 1 GiB");
  }
  reader->line_bytes = line;
  reader->plane_bytes = line * reader->band_height;
  reader->band = calloc(planes, reader->plane_bytes);
  reader->tile = reader->is_tiled ? calloc(1, reader->tile_bytes) : NULL;
  bool has_memory = reader->band != NULL && (reader->tile != NULL || !reader->is_tiled);
  return has_memory ? codec_success : codec_fail(&reader->base, codec_out_of_memory, 0, "");
}

/// What missing samples are: black, no ink, transparent, the palette's first color.
static int tiff_blank(const struct tiff_reader *reader) {
  return reader->photometric == tiff_white_is_zero && !reader->is_converted ? 255 : 0;
}

/// Copies lines of an uncompressed strip or tile, from some bytes behind its start on. A line that the file does not have
/// whole is blank.
static void tiff_copy_stored(
    const struct tiff_reader *reader, uint32_t strile, size_t skip, uint8_t *lines, size_t line_bytes, size_t count) {
  const struct codec_reader *base = &reader->base;
  uint64_t start = reader->library->strile_offset(reader->tiff, strile);
  // Nothing starts at 0: it stands for what was never written.
  size_t left = start == 0 || start > base->count ? 0 : base->count - (size_t)start;
  size_t whole = skip > left ? 0 : (left - skip) / line_bytes;
  size_t size = line_bytes * (whole < count ? whole : count);
  if (size > 0) {
    memcpy(lines, base->bytes + start + skip, size);
  }
  for (size_t place = 0; reader->has_reversed_bits && place < size; ++place) {
    unsigned byte = lines[place];
    byte = (byte & 0x0f) << 4 | byte >> 4;
    byte = (byte & 0x33) << 2 | (byte >> 2 & 0x33);
    lines[place] = (uint8_t)((byte & 0x55) << 1 | (byte >> 1 & 0x55));
  }
  for (size_t place = 0; reader->is_swapped && reader->bits == 16 && place + 1 < size; place += 2) {
    uint8_t byte = lines[place];
    lines[place] = lines[place + 1];
    lines[place + 1] = byte;
  }
  memset(lines + size, tiff_blank(reader), line_bytes * count - size);
}

/// Copies a tile to its place in the band. Tiles start at whole bytes: their width is a multiple of 16.
static void tiff_place_tile(struct tiff_reader *reader, uint8_t *plane, size_t x) {
  size_t tile_line = tiff_line_bytes(reader, reader->tile_width);
  size_t place = tiff_line_bytes(reader, x);
  size_t left = reader->line_bytes - place;
  size_t rows = reader->band_rows;
  for (size_t y = 0; y < rows; ++y) {
    // libtiff's RGBA rasters start at the bottom.
    size_t source = reader->is_converted ? reader->band_height - 1 - y : y;
    memcpy(plane + y * reader->line_bytes + place, reader->tile + source * tile_line,
           left < tile_line ? left : tile_line);
  }
}

static bool tiff_read_tiles(struct tiff_reader *reader, uint8_t *plane, uint16_t sample) {
  const struct libtiff *library = reader->library;
  uint32_t y = (uint32_t)reader->band_row;
  for (size_t x = 0; x < reader->base.header.width; x += reader->tile_width) {
    uint32_t tile = library->compute_tile(reader->tiff, (uint32_t)x, y, 0, sample);
    bool is_read = true;
    if (reader->is_converted) {
      is_read = library->read_rgba_tile(reader->tiff, (uint32_t)x, y, (uint32_t *)(void *)reader->tile) != 0;
    } else if (reader->is_stored) {
      tiff_copy_stored(
          reader, tile, 0, reader->tile, tiff_line_bytes(reader, reader->tile_width), reader->band_height);
    } else {
      is_read = library->read_tile(reader->tiff, tile, reader->tile, (ssize_t)reader->tile_bytes)
          == (ssize_t)reader->tile_bytes;
    }
    if (!is_read) {
      return false;
    }
    tiff_place_tile(reader, plane, x);
  }
  return true;
}

static bool tiff_read_rgba_strip(struct tiff_reader *reader) {
  if (!reader->library->read_rgba_strip(
          reader->tiff, (uint32_t)reader->band_row, (uint32_t *)(void *)reader->band)) {
    return false;
  }
  for (size_t top = 0, bottom = reader->band_rows - 1; top < bottom; ++top, --bottom) {
    uint8_t *first = reader->band + top * reader->line_bytes;
    uint8_t *last = reader->band + bottom * reader->line_bytes;
    for (size_t place = 0; place < reader->line_bytes; ++place) {
      uint8_t byte = first[place];
      first[place] = last[place];
      last[place] = byte;
    }
  }
  return true;
}

/// Decodes the band that a row is in.
static bool tiff_read_band(struct tiff_reader *reader, size_t row) {
  const struct libtiff *library = reader->library;
  size_t left = reader->base.header.height - row;
  reader->band_row = row;
  reader->band_rows = left < reader->band_height ? left : reader->band_height;
  if (!reader->is_tiled && reader->is_converted) {
    return tiff_read_rgba_strip(reader);
  }
  if (reader->reads_rows) {
    if (reader->is_stored) {
      uint32_t strip = library->compute_strip(reader->tiff, (uint32_t)row, 0);
      size_t skip = row % reader->rows_per_strip * reader->line_bytes;
      tiff_copy_stored(reader, strip, skip, reader->band, reader->line_bytes, 1);
      return true;
    }
    return library->read_scanline(reader->tiff, reader->band, (uint32_t)row, 0) == 1;
  }
  bool is_separate = reader->planar == tiff_planar_separate && !reader->is_converted;
  for (uint16_t sample = 0; sample < (is_separate ? reader->used_samples : 1); ++sample) {
    uint8_t *plane = reader->band + sample * reader->plane_bytes;
    if (reader->is_tiled) {
      if (!tiff_read_tiles(reader, plane, sample)) {
        return false;
      }
      continue;
    }
    ssize_t wanted = (ssize_t)(reader->line_bytes * reader->band_rows);
    uint32_t strip = library->compute_strip(reader->tiff, (uint32_t)row, sample);
    if (reader->is_stored) {
      tiff_copy_stored(reader, strip, 0, plane, reader->line_bytes, reader->band_rows);
    } else if (library->read_strip(reader->tiff, strip, plane, wanted) != wanted) {
      return false;
    }
  }
  return true;
}

/// A sample scaled to 8 bits, rounded to the nearest; an index as it is.
static uint8_t tiff_sample(const struct tiff_reader *reader, const uint8_t *line, size_t index, bool is_index) {
  unsigned bits = reader->bits;
  if (bits == 8) {
    return line[index];
  }
  if (bits == 16) {
    uint16_t value;
    memcpy(&value, line + index * 2, 2);
    return (uint8_t)((value * 255u + 32767u) / 65535u);
  }
  size_t place = index * bits;
  unsigned largest = (1u << bits) - 1;
  unsigned value = (unsigned)line[place / 8] >> (8 - bits - place % 8) & largest;
  return (uint8_t)(is_index ? value : value * 255 / largest);
}

static void tiff_convert_pixel(const struct tiff_reader *reader, const uint8_t *values, uint8_t *pixel) {
  switch (reader->photometric) {
  case tiff_palette:
    memcpy(pixel, reader->palette[values[0]], 3);
    pixel[3 * (reader->alpha != 0)] = reader->alpha != 0 ? values[1] : pixel[0];
    return;
  case tiff_white_is_zero:
    pixel[0] = (uint8_t)(255 - values[0]);
    break;
  case tiff_separated:
    for (int ink = 0; ink < 4; ++ink) {
      pixel[ink] = (uint8_t)(255 - values[ink]);
    }
    return;
  default:
    memcpy(pixel, values, reader->used_samples);
  }
  if (reader->alpha == 0) {
    return;
  }
  uint16_t colors = reader->used_samples - 1;
  unsigned alpha = values[colors];
  pixel[colors] = (uint8_t)alpha;
  for (uint16_t color = 0; reader->alpha == 1 && color < colors; ++color) {
    unsigned value = alpha == 0 ? 0 : pixel[color] * 255u / alpha;
    pixel[color] = (uint8_t)(value < 255 ? value : 255);
  }
}

static void tiff_convert_row(const struct tiff_reader *reader, size_t row, uint8_t *pixels) {
  size_t width = reader->base.header.width;
  const uint8_t *line = reader->band + (row - reader->band_row) * reader->line_bytes;
  if (reader->is_converted) {
    for (size_t x = 0; x < width; ++x) {
      uint32_t value;
      memcpy(&value, line + x * 4, 4);
      pixels[x * 3] = (uint8_t)value;
      pixels[x * 3 + 1] = (uint8_t)(value >> 8);
      pixels[x * 3 + 2] = (uint8_t)(value >> 16);
    }
    return;
  }
  bool is_separate = reader->planar == tiff_planar_separate;
  size_t size = codec_row_bytes(&reader->base.header) / width;
  for (size_t x = 0; x < width; ++x) {
    uint8_t values[4];
    for (uint16_t sample = 0; sample < reader->used_samples; ++sample) {
      bool is_index = reader->photometric == tiff_palette && sample == 0;
      values[sample] = is_separate ? tiff_sample(reader, line + sample * reader->plane_bytes, x, is_index)
                                   : tiff_sample(reader, line, x * reader->samples + sample, is_index);
    }
    tiff_convert_pixel(reader, values, pixels + x * size);
  }
}

static int tiff_read_rows(struct tiff_reader *reader, uint8_t *rows, size_t stride, size_t count) {
  struct codec_reader *base = &reader->base;
  if (reader->band == NULL) {
    int status = tiff_start(reader);
    if (status != codec_success) {
      return status;
    }
  }
  for (size_t index = 0; index < count; ++index) {
    uint8_t *pixels = rows + index * stride;
    bool is_needed = base->row >= reader->band_row + reader->band_rows;
    if (!base->ended && is_needed && !tiff_read_band(reader, base->row)) {
      if (!base->options.tolerant) {
        return codec_fail(base, codec_malformed, 0, "damaged or missing image data");
      }
      base->ended = true;
      size_t planes = reader->planar == tiff_planar_separate && !reader->is_converted ? reader->used_samples : 1;
      memset(reader->band, tiff_blank(reader), planes * reader->plane_bytes);
    }
    if (base->ended) {
      reader->band_row = base->row;
    }
    tiff_convert_row(reader, base->row, pixels);
    base->row += 1;
  }
  return codec_success;
}

static int tiff_read(struct codec_reader *base, uint8_t *rows, size_t stride, size_t count) {
  struct tiff_reader *reader = (struct tiff_reader *)base;
  libtiff_begin(reader->library);
  int status = tiff_read_rows(reader, rows, stride, count);
  libtiff_end(reader->library);
  return status;
}

static void tiff_close(struct codec_reader *base) {
  struct tiff_reader *reader = (struct tiff_reader *)base;
  if (reader->tiff != NULL) {
    libtiff_begin(reader->library);
    reader->library->close(reader->tiff);
    libtiff_end(reader->library);
  }
  free(reader->band);
  free(reader->tile);
  free(reader);
}

static int tiff_ignore_message(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
  return 1;
}

static TIFF *tiff_open(struct tiff_reader *reader) {
  const struct libtiff *library = reader->library;
  if (library->client_open_with == NULL) {
    return library->client_open(
        "", "r", reader, tiff_take, tiff_refuse_to_write, tiff_seek, tiff_close_nothing, tiff_size, tiff_map,
        tiff_unmap);
  }
  TIFFOpenOptions *options = library->options_alloc();
  if (options == NULL) {
    return NULL;
  }
  library->options_set_error_handler(options, tiff_ignore_message, NULL);
  library->options_set_warning_handler(options, tiff_ignore_message, NULL);
  TIFF *tiff = library->client_open_with(
      "", "r", reader, tiff_take, tiff_refuse_to_write, tiff_seek, tiff_close_nothing, tiff_size, tiff_map, tiff_unmap,
      options);
  library->options_free(options);
  return tiff;
}

int codec_open_tiff(
    const uint8_t *bytes, size_t count, struct codec_options options, struct codec_header *header,
    struct codec_reader **result, struct codec_failure *failure) {
  const struct libtiff *library = libtiff_shared();
  if (library == NULL) {
    return codec_missing_library;
  }
  struct tiff_reader *reader = codec_new_reader(sizeof *reader, bytes, count, options, failure);
  if (reader == NULL) {
    return codec_out_of_memory;
  }
  reader->base.read = tiff_read;
  reader->base.close = tiff_close;
  reader->library = library;
  libtiff_begin(library);
  reader->tiff = tiff_open(reader);
  int status = reader->tiff == NULL
      ? codec_fail(&reader->base, codec_malformed, 0, "a damaged or missing directory")
      : tiff_read_header(reader);
  libtiff_end(library);
  return codec_finish_open(&reader->base, status, header, result);
}
