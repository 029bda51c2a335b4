internal import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Hands what was printed so far to whoever reads standard output: unless that is a terminal, it would wait for the end.
package func flushStandardOutput() { fflush(nil) }

/// Prints a line at once, in one piece where the system takes it so: lines of processes that share standard output, as those that
/// `xargs -P` starts do, stay whole, of any length in a file and up to 4,096 bytes in a pipe.
package func printAtOnce(_ line: String) throws {
  flushStandardOutput()
  var rest = Array((line + "\n").utf8)[...]
  while !rest.isEmpty {
    let count = unsafe rest.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    guard count >= 0 || errno == EINTR else { throw OutputError(reason: "\(SystemError.last)") }
    rest = rest.dropFirst(max(count, 0))
  }
}

/// What was printed did not arrive.
struct OutputError: Error, CustomStringConvertible {
  var reason: String
  var description: String { "cannot write the output: \(reason)" }
}
