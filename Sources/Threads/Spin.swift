import CIntrinsics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A bounded busy wait.
package struct Spin: Sendable {
  /// The longest wait, in nanoseconds; 0 does not spin at all.
  var nanoseconds: UInt64

  /// Waits while `isWaiting` answers true, at most the time allowed.
  ///
  /// - Returns: Whether the wait ended because `isWaiting` answered false.
  @inline(__always)
  func wait(while isWaiting: () -> Bool) -> Bool {
    guard isWaiting() else { return true }
    guard nanoseconds > 0 else { return false }
    let start = Self.now()
    repeat {
      // The clock costs as much as a few of these; the bound is kept to about a microsecond.
      for _ in 0..<32 {
        processor_relax()
        guard isWaiting() else { return true }
      }
    } while Self.now() &- start < nanoseconds
    return false
  }

  package static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
