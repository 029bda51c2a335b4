#include "library.h"

#include <dlfcn.h>

_Bool library_load(const char *const *names, const struct library_function *functions, size_t count) {
  void *library = NULL;
  for (; *names != NULL && library == NULL; ++names) {
    library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
  }
  if (library == NULL) {
    return 0;
  }
  for (size_t index = 0; index < count; ++index) {
    *functions[index].place = dlsym(library, functions[index].name);
    if (*functions[index].place == NULL && !functions[index].is_optional) {
      dlclose(library);
      return 0;
    }
  }
  return 1;
}
