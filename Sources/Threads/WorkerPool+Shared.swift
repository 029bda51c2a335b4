extension WorkerPool {
  private static let pools = Lock<[Int: WorkerPool]>([:])

  /// The pool of this process for a number of threads, made at its first use and kept.
  ///
  /// - Parameter threads: The most that a call uses, at least 1; nil, and whatever exceeds it, means all that this process
  ///   may use.
  package static func shared(threads: Int? = nil) -> WorkerPool {
    let threads = min(threads ?? .max, ProcessorCount.available)
    return pools.withLock { pools in
      if let pool = pools[threads] { return pool }
      let pool = WorkerPool(threads: threads)
      pools[threads] = pool
      return pool
    }
  }
}
