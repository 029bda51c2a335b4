#include "include/CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
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

static char name[128];

static void say(const char *reason) {
  const char *parts[] = {name, ": ", reason, "\n"};
  for (int i = 0; i < 4; i++) {
    if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0) return;
  }
}

static void end_with(const char *reason) {
  char *path = removed;
  if (path) unlink(path);
  say(reason);
  _exit(1);
}

// Whether the system refused memory just before a signal: Swift's runtime aborts or traps then, or takes the null for memory.
static int lacks_memory(int signal_number, const siginfo_t *information) {
  if (errno != ENOMEM || signal_number == SIGBUS) return 0;
  return signal_number != SIGSEGV || (uintptr_t)information->si_addr < 4096;
}

static const int faults[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP};
enum { fault_count = sizeof faults / sizeof *faults };
static struct sigaction before_fault[fault_count];

static void end_at_fault(int signal_number, siginfo_t *information, void *context) {
  (void)context;
  if (signal_number == SIGBUS && information->si_code == BUS_ADRERR) end_with("a file was shortened while it was read");
  if (lacks_memory(signal_number, information)) end_with("no memory left");
  // Another reason is for whoever handled it before: where the fault is in the code, it comes again.
  for (int i = 0; i < fault_count; i++) {
    if (faults[i] == signal_number) sigaction(signal_number, &before_fault[i], NULL);
  }
  if (information->si_code <= 0 || signal_number == SIGABRT || signal_number == SIGTRAP) raise(signal_number);
}

void prepare_command(const char *command) {
  strncat(name, command, sizeof name - 1);
  // A file must not get the number of a closed stream, whose texts it would then receive. Each is opened the wrong way
  // round, so that its use stays an error.
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) != descriptor) _exit(1);
  }
  signal(SIGXFSZ, SIG_IGN);
  struct sigaction action = {.sa_sigaction = end_at_fault, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < fault_count; i++) sigaction(faults[i], &action, &before_fault[i]);
}
