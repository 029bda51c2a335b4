import CTestSupport

/// Counts the heap allocations of the threads that ask for it.
///
/// Tests run at the same time in one process, so each counts its own threads only.
@safe package final class AllocationCounter: @unchecked Sendable {
  private let total = UnsafeMutablePointer<Int>.allocate(capacity: 1)

  /// Whether this platform lets allocations be counted; a test that needs it is disabled elsewhere.
  package static var isAvailable: Bool { can_count_allocations() != 0 }

  package init() { unsafe total.initialize(to: 0) }

  // The count is never freed: a thread that was counted may outlive its test.

  /// Counts the calling thread's allocations from now on.
  package func start() { unsafe count_allocations_into(total) }

  /// Stops counting the calling thread's allocations.
  package func stop() { count_allocations_into(nil) }

  /// The allocations counted so far, by all threads.
  package var count: Int { unsafe total.pointee }

  /// The most bytes that the calling thread has at any time of the work, besides what it had before.
  package static func peakBytes(of work: () throws -> Void) rethrows -> Int {
    let memory = UnsafeMutablePointer<measured_memory>.allocate(capacity: 1)
    unsafe memory.initialize(to: measured_memory(bytes: 0, peak: 0))
    unsafe measure_memory_into(memory)
    defer {
      measure_memory_into(nil)
      unsafe memory.deallocate()
    }
    try work()
    return unsafe memory.pointee.peak
  }
}
