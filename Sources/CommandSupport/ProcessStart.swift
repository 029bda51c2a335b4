#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// When this process began, before the libraries that it needs were loaded.
package enum ProcessStart {
  /// Nil where the system does not say. To be asked by the first thread, before it starts others.
  ///
  /// Linux tells it in hundredths of a second only. How long the thread has run, and waited for a processor, it tells to a
  /// nanosecond: that is all of the time, unless the thread has waited for a disk, and the other bounds it.
  package static var instant: ContinuousClock.Instant? {
    #if canImport(Darwin)
      var information = kinfo_proc()
      var size = MemoryLayout<kinfo_proc>.size
      var name = [CTL_KERN, KERN_PROC, KERN_PROC_PID, getpid()]
      guard unsafe sysctl(&name, 4, &information, &size, nil, 0) == 0 else { return nil }
      let start = unsafe information.kp_proc.p_un.__p_starttime
      var now = timeval()
      guard unsafe gettimeofday(&now, nil) == 0 else { return nil }
      let elapsed =
        Duration.seconds(now.tv_sec - start.tv_sec) + .microseconds(Int(now.tv_usec) - Int(start.tv_usec))
      return ContinuousClock.now - elapsed
    #else
      guard let coarse = coarseAge, let busy = busyTime else { return nil }
      return ContinuousClock.now - min(max(busy, coarse.lowerBound), coarse.upperBound)
    #endif
  }

  #if !canImport(Darwin)
    /// The least and the greatest age of this process, as its start in ticks of a clock says.
    private static var coarseAge: ClosedRange<Duration>? {
      let ticks = sysconf(Int32(_SC_CLK_TCK))
      var now = timespec()
      // The name may contain blanks and parentheses; the start is the 20th field after it.
      guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
        let start = text.split(separator: ")").last?.split(separator: " ").dropFirst(19).first.flatMap({ Int($0) }),
        ticks > 0, unsafe clock_gettime(CLOCK_BOOTTIME, &now) == 0
      else { return nil }
      let tick = Duration.seconds(1) / ticks
      let age = Duration.seconds(now.tv_sec) + .nanoseconds(now.tv_nsec) - tick * start
      return max(age - tick, .zero)...max(age, .zero)
    }

    /// How long the first thread has run, and waited for a processor.
    private static var busyTime: Duration? {
      guard let text = try? String(contentsOfFile: "/proc/self/schedstat", encoding: .utf8) else { return nil }
      let times = text.split(separator: " ").prefix(2).compactMap { Int($0) }
      return times.count == 2 ? .nanoseconds(times[0]) + .nanoseconds(times[1]) : nil
    }
  #endif
}
