#include "include/CSystem.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ, SIGPIPE};
enum { ending_count = sizeof ending / sizeof *ending };

// What the handler reads. The pointer is written last and cleared first.
static char *volatile removed = NULL;
static struct sigaction before[ending_count];

static void remove_and_end(int signal_number) {
  char *path = removed;
  if (path) unlink(path);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

int remove_on_signal(const char *path) {
  char *copy = strdup(path);
  if (!copy || removed) {
    free(copy);
    return 0;
  }
  removed = copy;
  struct sigaction action = {.sa_handler = remove_and_end};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < ending_count; i++) {
    if (sigaction(ending[i], NULL, &before[i]) != 0 || before[i].sa_handler != SIG_DFL) continue;
    sigaction(ending[i], &action, NULL);
  }
  return 1;
}

void keep_on_signal(void) {
  char *path = removed;
  removed = NULL;
  for (int i = 0; i < ending_count; i++) {
    struct sigaction now;
    if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler == remove_and_end) {
      sigaction(ending[i], &before[i], NULL);
    }
  }
  free(path);
}

static char message[256];

static void end_without_memory(int signal_number) {
  // An abort for another reason stays one.
  if (errno == ENOMEM) {
    const ssize_t written = write(STDERR_FILENO, message, strlen(message));
    _exit(written < 0 ? 1 : 1);
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void report_exhaustion(const char *name) {
  signal(SIGXFSZ, SIG_IGN);
  message[0] = 0;
  strncat(message, name, 128);
  strcat(message, ": no memory left\n");
  signal(SIGABRT, end_without_memory);
}
