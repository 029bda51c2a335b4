#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Darwin)
  import Darwin
#endif

/// The most memory that this process has had resident so far, in 2^20 bytes; nil where the system does not say.
func peakResidentMegabytes() -> Double? {
  #if canImport(Darwin)
    var usage = rusage()
    return getrusage(RUSAGE_SELF, &usage) == 0 ? Double(usage.ru_maxrss) / 0x1p20 : nil
  #else
    // Not getrusage: its maximum includes that of the process which executed this program.
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(separator: " ").dropLast().last.flatMap({ Double($0) })
    else { return nil }
    return kilobytes / 1024
  #endif
}
