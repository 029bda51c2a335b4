#include "libtiff.h"

#include <pthread.h>

#include "library.h"

static struct libtiff functions;
static bool is_loaded;

static void libtiff_load(void) {
  static const char *const names[] = LIBRARY_NAMES("tiff", "libtiff.so.6", "libtiff.so.5", "libtiff.so");
#define FUNCTION(name, member) {name, (void **)&functions.member, false}
#define OPTIONAL(name, member) {name, (void **)&functions.member, true}
  const struct library_function wanted[] = {
      FUNCTION("TIFFClientOpen", client_open),
      FUNCTION("TIFFClose", close),
      FUNCTION("TIFFGetField", get),
      FUNCTION("TIFFGetFieldDefaulted", get_defaulted),
      FUNCTION("TIFFSetField", set),
      FUNCTION("TIFFIsTiled", is_tiled),
      FUNCTION("TIFFIsCODECConfigured", has_codec),
      FUNCTION("TIFFScanlineSize", scanline_size),
      FUNCTION("TIFFStripSize", strip_size),
      FUNCTION("TIFFTileSize", tile_size),
      FUNCTION("TIFFReadScanline", read_scanline),
      FUNCTION("TIFFComputeStrip", compute_strip),
      FUNCTION("TIFFComputeTile", compute_tile),
      FUNCTION("TIFFReadEncodedStrip", read_strip),
      FUNCTION("TIFFReadEncodedTile", read_tile),
      FUNCTION("TIFFReadRGBAStrip", read_rgba_strip),
      FUNCTION("TIFFReadRGBATile", read_rgba_tile),
      FUNCTION("TIFFRGBAImageOK", rgba_ok),
      FUNCTION("TIFFIsByteSwapped", is_swapped),
      FUNCTION("TIFFSetErrorHandler", set_handlers[0]),
      FUNCTION("TIFFSetErrorHandlerExt", set_handlers[1]),
      FUNCTION("TIFFSetWarningHandler", set_handlers[2]),
      FUNCTION("TIFFSetWarningHandlerExt", set_handlers[3]),
      OPTIONAL("TIFFGetStrileOffset", strile_offset),
      OPTIONAL("TIFFOpenOptionsAlloc", options_alloc),
      OPTIONAL("TIFFOpenOptionsFree", options_free),
      OPTIONAL("TIFFOpenOptionsSetErrorHandlerExtR", options_set_error_handler),
      OPTIONAL("TIFFOpenOptionsSetWarningHandlerExtR", options_set_warning_handler),
      OPTIONAL("TIFFClientOpenExt", client_open_with),
  };
#undef FUNCTION
#undef OPTIONAL
  is_loaded = library_load(names, wanted, sizeof wanted / sizeof wanted[0]);
  if (functions.options_alloc == NULL || functions.options_free == NULL || functions.options_set_error_handler == NULL
      || functions.options_set_warning_handler == NULL) {
    functions.client_open_with = NULL;
  }
}

static pthread_mutex_t handlers_mutex = PTHREAD_MUTEX_INITIALIZER;
static void *handlers[4];

void libtiff_begin(const struct libtiff *library) {
  if (library->client_open_with != NULL) {
    return;
  }
  pthread_mutex_lock(&handlers_mutex);
  for (int index = 0; index < 4; ++index) {
    handlers[index] = library->set_handlers[index](NULL);
  }
}

void libtiff_end(const struct libtiff *library) {
  if (library->client_open_with != NULL) {
    return;
  }
  for (int index = 0; index < 4; ++index) {
    library->set_handlers[index](handlers[index]);
  }
  pthread_mutex_unlock(&handlers_mutex);
}

const struct libtiff *libtiff_shared(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, libtiff_load);
  return is_loaded ? &functions : NULL;
}
