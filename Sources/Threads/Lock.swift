#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A value that one thread at a time uses.
///
/// Not the standard library's `Mutex`: on Linux that keeps each thread's number from its first lock on, which in a child of
/// the process is another's, and the child ends with an error of the kernel's as soon as one of its threads waits for a
/// lock. Nor does ThreadSanitizer see what `Mutex` guards.
@safe package struct Lock<Value>: ~Copyable, @unchecked Sendable {
  // Unchecked: the pointers are constant, and the value is used by the thread that holds the mutex alone.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)

  package init(_ initial: sending Value) {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe value.initialize(to: initial)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
    unsafe mutex.deallocate()
  }

  package borrowing func withLock<Result, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&(unsafe value.pointee))
  }
}
