#include "codec.h"

#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

// The first image of a file on its canvas. What it leaves free is transparent.
struct gif_reader {
  struct codec_reader base;
  GifFileType *file;
  size_t offset;
  /// The transparent index, or -1.
  int transparent;
  /// Red, green, blue and alpha of each index.
  uint8_t colors[256][4];
  /// One line of indices, or all of an interlaced image.
  uint8_t *indices;
};

static int gif_take(GifFileType *file, GifByteType *destination, int length) {
  struct gif_reader *reader = file->UserData;
  size_t left = reader->base.count - reader->offset;
  size_t count = (size_t)length < left ? (size_t)length : left;
  memcpy(destination, reader->base.bytes + reader->offset, count);
  reader->offset += count;
  return (int)count;
}

static int gif_fail(struct gif_reader *reader, int error) {
  int status = codec_malformed;
  if (error == D_GIF_ERR_NOT_ENOUGH_MEM) {
    status = codec_out_of_memory;
  } else if (reader->offset == reader->base.count) {
    status = codec_truncated;
  }
  const char *message = GifErrorString(error);
  codec_fail(&reader->base, status, reader->offset, message != NULL ? message : "damaged image data");
  if (reader->file != NULL && reader->file->Image.Interlace) {
    reader->base.failure->rows = -1;
  }
  return status;
}

/// Passes what stands before the first image, and notes its transparent color.
static int gif_find_image(struct gif_reader *reader) {
  GifFileType *file = reader->file;
  while (true) {
    GifRecordType type;
    if (DGifGetRecordType(file, &type) == GIF_ERROR) {
      return gif_fail(reader, file->Error);
    }
    if (type == IMAGE_DESC_RECORD_TYPE) {
      return DGifGetImageDesc(file) == GIF_ERROR ? gif_fail(reader, file->Error) : codec_success;
    }
    if (type == TERMINATE_RECORD_TYPE) {
      return codec_fail(&reader->base, codec_malformed, reader->offset, "no image");
    }
    int code;
    GifByteType *block;
    if (type != EXTENSION_RECORD_TYPE) {
      continue;
    }
    if (DGifGetExtension(file, &code, &block) == GIF_ERROR) {
      return gif_fail(reader, file->Error);
    }
    while (block != NULL) {
      GraphicsControlBlock control;
      if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        reader->transparent = control.TransparentColor;
      }
      if (DGifGetExtensionNext(file, &block) == GIF_ERROR) {
        return gif_fail(reader, file->Error);
      }
    }
  }
}

static void gif_make_colors(struct gif_reader *reader) {
  const ColorMapObject *map =
      reader->file->Image.ColorMap != NULL ? reader->file->Image.ColorMap : reader->file->SColorMap;
  for (int index = 0; index < 256; ++index) {
    uint8_t *color = reader->colors[index];
    // A file without colors is grey, as for Pillow.
    color[0] = color[1] = color[2] = map == NULL ? (uint8_t)index : 0;
    if (map != NULL && index < map->ColorCount) {
      color[0] = map->Colors[index].Red;
      color[1] = map->Colors[index].Green;
      color[2] = map->Colors[index].Blue;
    }
    color[3] = index == reader->transparent ? 0 : 255;
  }
}

static int gif_start(struct gif_reader *reader) {
  const GifImageDesc *image = &reader->file->Image;
  size_t width = (size_t)image->Width;
  size_t lines = image->Interlace ? (size_t)image->Height : 1;
  reader->indices = calloc(lines, width > 0 ? width : 1);
  if (reader->indices == NULL) {
    return codec_fail(&reader->base, codec_out_of_memory, 0, "");
  }
  memset(reader->indices, reader->transparent < 0 ? 0 : reader->transparent, lines * width);
  if (!image->Interlace || width == 0) {
    return codec_success;
  }
  static const size_t starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
  for (int pass = 0; pass < 4; ++pass) {
    for (size_t y = starts[pass]; y < lines; y += steps[pass]) {
      if (DGifGetLine(reader->file, reader->indices + y * width, (int)width) == GIF_ERROR) {
        return reader->base.options.tolerant ? codec_success : gif_fail(reader, reader->file->Error);
      }
    }
  }
  return codec_success;
}

/// The indices of a line of the image.
static int gif_read_line(struct gif_reader *reader, size_t y, const uint8_t **line) {
  const GifImageDesc *image = &reader->file->Image;
  *line = reader->indices + (image->Interlace ? y * (size_t)image->Width : 0);
  if (image->Interlace || image->Width == 0) {
    return codec_success;
  }
  if (reader->base.options.tolerant) {
    memset(reader->indices, reader->transparent < 0 ? 0 : reader->transparent, (size_t)image->Width);
  }
  if (!reader->base.ended && DGifGetLine(reader->file, reader->indices, image->Width) == GIF_ERROR) {
    if (!reader->base.options.tolerant) {
      return gif_fail(reader, reader->file->Error);
    }
    reader->base.ended = true;
  }
  return codec_success;
}

static int gif_read(struct codec_reader *base, uint8_t *rows, size_t stride, size_t count) {
  struct gif_reader *reader = (struct gif_reader *)base;
  const GifImageDesc *image = &reader->file->Image;
  size_t width = base->header.width;
  bool has_alpha = base->header.layout == codec_rgba;
  size_t samples = has_alpha ? 4 : 3;
  // Pillow fills what is free with the transparent color or else the first one; it shows only where alpha is dropped.
  const uint8_t *canvas = reader->colors[reader->transparent < 0 ? 0 : reader->transparent];
  if (reader->indices == NULL) {
    int status = gif_start(reader);
    if (status != codec_success) {
      return status;
    }
  }
  for (size_t index = 0; index < count; ++index) {
    size_t y = base->row;
    size_t top = (size_t)image->Top;
    const uint8_t *line = NULL;
    if (y >= top && y < top + (size_t)image->Height) {
      int status = gif_read_line(reader, y - top, &line);
      if (status != codec_success) {
        return status;
      }
    }
    for (size_t x = 0; x < width; ++x) {
      size_t column = x - (size_t)image->Left;
      bool is_inside = line != NULL && x >= (size_t)image->Left && column < (size_t)image->Width;
      uint8_t *pixel = rows + index * stride + x * samples;
      memcpy(pixel, is_inside ? reader->colors[line[column]] : canvas, 3);
      if (has_alpha) {
        pixel[3] = is_inside ? reader->colors[line[column]][3] : 0;
      }
    }
    base->row += 1;
  }
  return codec_success;
}

static void gif_close(struct codec_reader *base) {
  struct gif_reader *reader = (struct gif_reader *)base;
  if (reader->file != NULL) {
    int error;
    DGifCloseFile(reader->file, &error);
  }
  free(reader->indices);
  free(reader);
}

static int gif_read_header(struct gif_reader *reader) {
  int error = 0;
  reader->file = DGifOpen(reader, gif_take, &error);
  if (reader->file == NULL) {
    return gif_fail(reader, error);
  }
  int status = gif_find_image(reader);
  if (status != codec_success) {
    return status;
  }
  const GifImageDesc *image = &reader->file->Image;
  // As Pillow, the canvas grows where the image reaches beyond it.
  uint32_t right = (uint32_t)image->Left + (uint32_t)image->Width;
  uint32_t bottom = (uint32_t)image->Top + (uint32_t)image->Height;
  uint32_t width = (uint32_t)reader->file->SWidth;
  uint32_t height = (uint32_t)reader->file->SHeight;
  bool is_covered = image->Left == 0 && image->Top == 0 && right >= width && bottom >= height;
  reader->base.header.width = right > width ? right : width;
  reader->base.header.height = bottom > height ? bottom : height;
  reader->base.header.layout = reader->transparent >= 0 || !is_covered ? codec_rgba : codec_rgb;
  gif_make_colors(reader);
  return codec_success;
}

int codec_open_gif(
    const uint8_t *bytes, size_t count, struct codec_options options, struct codec_header *header,
    struct codec_reader **result, struct codec_failure *failure) {
  struct gif_reader *reader = codec_new_reader(sizeof *reader, bytes, count, options, failure);
  if (reader == NULL) {
    return codec_out_of_memory;
  }
  reader->base.read = gif_read;
  reader->base.close = gif_close;
  reader->transparent = NO_TRANSPARENT_COLOR;
  return codec_finish_open(&reader->base, gif_read_header(reader), header, result);
}
