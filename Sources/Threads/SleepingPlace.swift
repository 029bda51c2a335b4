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
@safe struct SleepingPlace: ~Copyable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Sleeps for as long as `isWaiting` answers true.
  @inline(never)
  func sleep(while isWaiting: () -> Bool) {
    unsafe pthread_mutex_lock(mutex)
    while isWaiting() { unsafe pthread_cond_wait(condition, mutex) }
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Wakes all that sleep here, to look again.
  @inline(never)
  func wake() {
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }
}
