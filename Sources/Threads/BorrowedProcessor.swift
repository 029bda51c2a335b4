import CIntrinsics

/// A thread's stay on the processor of another one, which waits for it and lends it its own.
///
/// Where another program runs on a processor too, a thread there has to wait for its turn for some milliseconds. One that
/// waits for it sleeps meanwhile, and its own processor has nothing to do, but Linux moves no thread there that has run a
/// moment ago. Beside a busy loop on one of two processors Xception takes 0.8 of one thread's time with this, and 1.05 without.
struct BorrowedProcessor {
  private let thread: Int32
  /// Where the thread is allowed to run otherwise.
  private var allowed = processors()

  /// The number of the calling thread; 0 where threads cannot be moved.
  static var thread: Int { Int(this_thread_number()) }

  /// For how many nanoseconds a thread has had a processor: it has one where that grows.
  static func time(of thread: Int) -> UInt64 { processor_time(Int32(thread)) }

  /// Moves a thread to the caller's processor; nil where it cannot be, or is bound to one.
  init?(for thread: Int) {
    self.thread = Int32(thread)
    guard unsafe bring_thread_here(self.thread, &allowed) else { return nil }
  }

  /// Lets the thread run where it was allowed to before, somewhere else at first.
  func end() {
    unsafe withUnsafePointer(to: allowed) { unsafe let_thread_go(thread, $0) }
  }
}
