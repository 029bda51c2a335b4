#include "libtiff.h"

#include <pthread.h>

#include "library.h"

static struct libtiff functions;
static bool is_loaded;

static void libtiff_load(void) {
  static const char *const names[] = LIBRARY_NAMES("tiff", "libtiff.so.6", "libtiff.so.5", "libtiff.so");
#define FUNCTION(name, member) {name, (void **)&functions.member}
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
      FUNCTION("TIFFSetErrorHandler", set_error_handler),
      FUNCTION("TIFFSetWarningHandler", set_warning_handler),
  };
#undef FUNCTION
  is_loaded = library_load(names, wanted, sizeof wanted / sizeof wanted[0]);
  if (is_loaded) {
    // By default both print on standard error.
    functions.set_error_handler(NULL);
    functions.set_warning_handler(NULL);
  }
}

const struct libtiff *libtiff_shared(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, libtiff_load);
  return is_loaded ? &functions : NULL;
}
