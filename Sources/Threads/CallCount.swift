import CIntrinsics
import Synchronization

/// How many calls this process makes at the same time.
///
/// A fork copies the count, but not the threads whose calls it counts, so each process counts from 0.
@safe package struct CallCount: ~Copyable, Sendable {
  /// The process, as the number of forks that led to it, in the upper half; its calls in the lower.
  private let word = Atomic<UInt64>(0)

  package init() { count_forks() }

  /// The calls that have begun and not ended.
  package var value: Int {
    let current = word.load(ordering: .relaxed)
    return current >> 32 == Self.process ? Int(current & 0xffff_ffff) : 0
  }

  /// - Returns: What `end` is told.
  package func begin() -> Call {
    let process = Self.process
    change { current in current >> 32 == process ? current + 1 : process << 32 | 1 }
    return Call(process: process)
  }

  package func end(_ call: Call) {
    // A call that has begun before a fork does not count behind it.
    change { current in current >> 32 == call.process ? current - 1 : current }
  }

  package struct Call {
    fileprivate let process: UInt64
  }

  private static var process: UInt64 { UInt64(UInt32(truncatingIfNeeded: fork_count())) }

  private func change(_ next: (UInt64) -> UInt64) {
    var current = word.load(ordering: .relaxed)
    while true {
      let (changed, found) = word.weakCompareExchange(expected: current, desired: next(current), ordering: .relaxed)
      if changed { return }
      current = found
    }
  }
}
