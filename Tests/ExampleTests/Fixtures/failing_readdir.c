// Loaded before a command's libraries: of a folder that is called bad, one entry is read, and then there is an error.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

static DIR *bad;
static int count;

DIR *opendir(const char *name) {
  DIR *(*next)(const char *) = dlsym(RTLD_NEXT, "opendir");
  DIR *folder = next(name);
  size_t length = strlen(name);
  if (folder && length >= 3 && strcmp(name + length - 3, "bad") == 0) {
    bad = folder;
    count = 0;
  } else if (folder == bad) {
    // Another folder, in memory that the bad one had until it was closed.
    bad = NULL;
  }
  return folder;
}

struct dirent *readdir(DIR *folder) {
  struct dirent *(*next)(DIR *) = dlsym(RTLD_NEXT, "readdir");
  struct dirent *entry = folder == bad && count == 1 ? NULL : next(folder);
  if (folder == bad && count == 1) errno = EIO;
  if (folder == bad && entry && entry->d_name[0] != '.') count = 1;
  return entry;
}
