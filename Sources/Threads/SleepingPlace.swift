#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where threads sleep until what they wait for has happened: a mutex and a condition, used off the fast path only.
///
/// The waiter announces itself in an atomic word, then calls `sleep`; whoever changes that word and finds the
/// announcement calls `wake`. Since `sleep` looks at the word again under the mutex, no wake is lost.
struct SleepingPlace: ~Copyable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Sleeps for as long as `isWaiting` answers true.
  @inline(never)
  func sleep(while isWaiting: () -> Bool) {
    pthread_mutex_lock(mutex)
    while isWaiting() { pthread_cond_wait(condition, mutex) }
    pthread_mutex_unlock(mutex)
  }

  /// Wakes all that sleep here, to look again.
  @inline(never)
  func wake() {
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }
}
