#pragma once

#include <stddef.h>

// Libraries that are loaded on demand. They stay loaded.

/// A function to find, and where to put it.
struct library_function {
  const char *name;
  void **place;
  /// Whether older releases of the library are used without it; its place then has NULL.
  _Bool is_optional;
};

/// Loads the first library that is there of a list ended by NULL, and finds its functions. Returns whether it has all
/// that are not optional.
_Bool library_load(const char *const *names, const struct library_function *functions, size_t count);

/// The names that the dynamic linker of this system knows a library by, the newest first, for `library_load`.
#if defined(__APPLE__)
#define LIBRARY_NAMES(name, ...)                                                                                   \
  {"lib" name ".dylib", "/opt/homebrew/lib/lib" name ".dylib", "/usr/local/lib/lib" name ".dylib", NULL}
#else
#define LIBRARY_NAMES(name, ...) {__VA_ARGS__, NULL}
#endif
