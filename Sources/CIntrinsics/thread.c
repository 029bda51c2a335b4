#define _GNU_SOURCE  // Swift sees glibc without its extensions, so these calls are made from C.
#include "include/thread.h"
#include <pthread.h>

#if defined(__linux__)
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

void name_this_thread(const char *name) {
#if defined(__APPLE__)
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

// Written by a child's only thread, before it can start others.
static unsigned long forks = 0;

static void count_this_fork(void) { forks++; }

static void register_count(void) { pthread_atfork(0, 0, count_this_fork); }

void count_forks(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, register_count);
}

unsigned long fork_count(void) { return forks; }

#if defined(__linux__)
static const unsigned word_bits = 8 * sizeof(long), words = sizeof(struct processors) / sizeof(long);

// The kernel refuses a set that is too small for its processors.
static bool get_allowed(int thread, struct processors *allowed) {
  memset(allowed, 0, sizeof *allowed);
  return sched_getaffinity(thread, sizeof *allowed, (cpu_set_t *)allowed) == 0;
}

static bool set_allowed(int thread, const struct processors *allowed) {
  return sched_setaffinity(thread, sizeof *allowed, (const cpu_set_t *)allowed) == 0;
}

static bool can_move_threads = false;

static void find_out_about_moving(void) {
  // systemd, which sets this variable, may end a service that moves a thread: its filters know that as "@resources".
  if (getenv("INVOCATION_ID") && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0) return;
  // What another sandbox does about it shows at once, and not when a processor is busy for the first time.
  struct processors allowed;
  can_move_threads = get_allowed(0, &allowed) && set_allowed(0, &allowed);
}

int this_thread_number(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_out_about_moving);
  return can_move_threads ? (int)syscall(SYS_gettid) : 0;
}

uint64_t processor_time(int thread) {
  // As the kernel numbers the clock of a thread's time on processors.
  const clockid_t clock = (clockid_t)(~(unsigned)thread << 3 | 6);
  struct timespec time;
  if (clock_gettime(clock, &time) != 0) return 0;
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int count(const struct processors *set) {
  int count = 0;
  for (unsigned i = 0; i < words; i++) count += __builtin_popcountl(set->bits[i]);
  return count;
}

bool bring_thread_here(int thread, struct processors *allowed) {
  const int here = sched_getcpu();
  if (here < 0 || (unsigned)here >= words * word_bits || !get_allowed(thread, allowed)) return false;
  struct processors only_here = {0};
  only_here.bits[here / word_bits] = 1ul << here % word_bits;
  const bool may_be_here = (allowed->bits[here / word_bits] & only_here.bits[here / word_bits]) != 0;
  return may_be_here && count(allowed) > 1 && set_allowed(thread, &only_here);
}

void let_thread_go(int thread, const struct processors *allowed) {
  struct processors bound, others;
  // Where it is not bound any more, somebody else has decided where it is to run.
  if (!get_allowed(thread, &bound) || count(&bound) != 1) return;
  for (unsigned i = 0; i < words; i++) others.bits[i] = allowed->bits[i] & ~bound.bits[i];
  // It would stay where it is.
  set_allowed(thread, &others);
  set_allowed(thread, allowed);
}
#else
int this_thread_number(void) { return 0; }
uint64_t processor_time(int thread) { return 0; }
bool bring_thread_here(int thread, struct processors *allowed) { return false; }
void let_thread_go(int thread, const struct processors *allowed) {}
#endif

int allowed_processors(void) {
#if defined(__linux__)
  struct processors allowed;
  if (!get_allowed(0, &allowed)) return 0;
  return count(&allowed);
#elif defined(__APPLE__)
  // Work that is split evenly waits for its slowest part: the performance cores only, where there are two kinds.
  int count = 0;
  size_t size = sizeof count;
  if (sysctlbyname("hw.perflevel0.logicalcpu", &count, &size, 0, 0) == 0 && count > 0) return count;
  size = sizeof count;
  return sysctlbyname("hw.activecpu", &count, &size, 0, 0) == 0 ? count : 0;
#else
  return 0;
#endif
}
