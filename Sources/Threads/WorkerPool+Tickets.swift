import Synchronization

extension WorkerPool {
  /// Calls a closure with each number of `0..<count`, in order but several at a time, and returns when all calls have.
  package func forEach(_ count: Int, _ body: (Int) -> Void) {
    let next = Atomic<Int>(0)
    run(maximum: max(count, 1)) { _ in
      while true {
        let ticket = next.add(1, ordering: .relaxed).oldValue
        guard ticket < count else { return }
        body(ticket)
      }
    }
  }
}
