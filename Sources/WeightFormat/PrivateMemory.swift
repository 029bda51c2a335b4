internal import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Zeroed memory for what is decoded, which the system has back with the last reference.
///
/// Not from `malloc`, whose heap keeps blocks of some MiB: beside the packed weights of ResNet152 they took 17 MB.
@safe final class PrivateMemory: @unchecked Sendable {  // the pointer is constant; whoever holds it decides who writes
  let bytes: UnsafeMutableRawBufferPointer

  /// - Parameter byteCount: At least 1.
  init(byteCount: Int) throws(SystemError) {
    #if canImport(Darwin)
      let anonymous = MAP_ANON
    #else
      let anonymous = MAP_ANONYMOUS
    #endif
    let start = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | anonymous, -1, 0)
    guard let start = unsafe start, unsafe start != MAP_FAILED else { throw SystemError(errno) }
    unsafe bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
  }

  deinit { unsafe munmap(bytes.baseAddress!, bytes.count) }
}
