#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Hands what was printed so far to whoever reads standard output: unless that is a terminal, it would wait for the end.
package func flushStandardOutput() { fflush(nil) }
