#include "CImageCodecs.h"

#include <png.h>

bool codec_write_png(const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t *file, size_t *count) {
  png_image image = {.version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGB};
  png_alloc_size_t size = *count;
  bool is_written = png_image_write_to_memory(&image, file, &size, 0, pixels, 0, NULL) != 0;
  png_image_free(&image);
  *count = size;
  return is_written;
}
