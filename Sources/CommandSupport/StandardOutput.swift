#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Hands what was printed so far to whoever reads standard output: unless that is a terminal, it would wait for the end.
package func flushStandardOutput() { fflush(nil) }

/// Prints a line at once, in one piece where the system takes it so: lines of processes that share a file or a pipe, as those
/// that `xargs -P` starts do, stay whole, however long they are.
package func printAtOnce(_ line: String) {
  flushStandardOutput()
  let bytes = Array((line + "\n").utf8)
  let written = unsafe max(0, write(STDOUT_FILENO, bytes, bytes.count))
  // What was not taken is tried again where an error is noticed when the command ends.
  unsafe bytes.withUnsafeBytes { _ = unsafe fwrite($0.baseAddress! + written, 1, bytes.count - written, stdout) }
  flushStandardOutput()
}
