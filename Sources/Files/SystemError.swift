#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the system says of a call that failed.
package struct SystemError: Error, Hashable, CustomStringConvertible {
  package var code: CInt

  package init(_ code: CInt) { self.code = code }

  /// Of the last call.
  package static var last: SystemError { SystemError(errno) }

  package var description: String { unsafe String(cString: strerror(code)) }
}
