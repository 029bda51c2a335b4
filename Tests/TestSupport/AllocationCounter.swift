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
}
