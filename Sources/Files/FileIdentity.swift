#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which file it is on this machine, and in which state.
package struct FileIdentity: Hashable, Sendable {
  /// Seconds and nanoseconds since 1970.
  package struct Time: Hashable, Comparable, Sendable {
    package var seconds: Int
    package var nanoseconds: Int

    package static func < (a: Time, b: Time) -> Bool { (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds) }

    fileprivate init(_ time: timespec) { (seconds, nanoseconds) = (time.tv_sec, time.tv_nsec) }

    package static var now: Time {
      var time = timespec()
      unsafe clock_gettime(CLOCK_REALTIME, &time)
      return Time(time)
    }
  }

  package let device: Int
  package let number: UInt64
  package let size: Int
  /// When its contents were changed, as whoever changed them may say.
  package let modification: Time
  /// When its contents or what the system knows of it were changed, as the system says.
  package let change: Time

  init(_ status: stat) {
    device = Int(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
    size = Int(clamping: status.st_size)
    #if canImport(Darwin)
      modification = Time(status.st_mtimespec)
      change = Time(status.st_ctimespec)
    #else
      modification = Time(status.st_mtim)
      change = Time(status.st_ctim)
    #endif
  }

  /// Whether a change from now on is sure to show: file systems count time in steps of 2 seconds at most, so one that was
  /// changed just now may be changed again and have the same times.
  package var isSettled: Bool {
    let now = Time.now
    return max(change.seconds, modification.seconds) < now.seconds - 2
  }
}
