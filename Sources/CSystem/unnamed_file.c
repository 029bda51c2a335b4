#define _GNU_SOURCE  // O_TMPFILE
#include "include/CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(O_TMPFILE)

static void path_of(int descriptor, char *path, size_t size) { snprintf(path, size, "/proc/self/fd/%d", descriptor); }

int open_unnamed_file(const char *folder, unsigned mode) {
  const int descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
  if (descriptor < 0) {
    // Linux before 3.11 takes the flag for O_DIRECTORY; other file systems have the right to refuse it.
    if (errno == EISDIR || errno == EINVAL) errno = ENOTSUP;
    return -1;
  }
  // The file gets its name through /proc, which need not be mounted.
  char path[64];
  struct stat status;
  path_of(descriptor, path, sizeof path);
  if (stat(path, &status) == 0) return descriptor;
  close(descriptor);
  errno = ENOTSUP;
  return -1;
}

int name_file(int descriptor, const char *path) {
  char old[64];
  path_of(descriptor, old, sizeof old);
  return linkat(AT_FDCWD, old, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

#else

int open_unnamed_file(const char *folder, unsigned mode) {
  errno = ENOTSUP;
  return -1;
}

int name_file(int descriptor, const char *path) {
  errno = ENOTSUP;
  return -1;
}

#endif
