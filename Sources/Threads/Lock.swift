// A value that one thread at a time uses: the standard library's mutex. ThreadSanitizer does not see the futexes of that and
// would report all that is guarded by one, so for it (Tests/sanitize.sh) the value is guarded by a lock that it knows.
#if THREAD_SANITIZER
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Darwin)
    import Darwin
  #endif

  @safe package struct Lock<Value>: ~Copyable, @unchecked Sendable {
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
#else
  import Synchronization

  package typealias Lock<Value> = Mutex<Value>
#endif
