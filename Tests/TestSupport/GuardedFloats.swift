#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Floats that end where memory ends, or begin where it begins: reading or writing one float too far is a fault.
package final class GuardedFloats: @unchecked Sendable {
  // Unchecked: a test uses one from one thread, or from threads that it waits for.

  package enum Edge: CaseIterable, Sendable {
    case front
    case back
  }

  package let floats: UnsafeMutableBufferPointer<Float>
  private let mapping: UnsafeMutableRawBufferPointer

  package init(count: Int, at edge: Edge, filledWith value: Float = .nan) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let size = (count * MemoryLayout<Float>.size + page - 1) / page * page
    #if canImport(Darwin)
      let anonymous = MAP_ANON
    #else
      let anonymous = MAP_ANONYMOUS
    #endif
    let start = mmap(nil, size + 2 * page, PROT_NONE, MAP_PRIVATE | anonymous, -1, 0)!
    precondition(start != MAP_FAILED && mprotect(start + page, size, PROT_READ | PROT_WRITE) == 0)
    mapping = UnsafeMutableRawBufferPointer(start: start, count: size + 2 * page)
    let offset = edge == .front ? 0 : size - count * MemoryLayout<Float>.size
    floats = UnsafeMutableBufferPointer(
      start: (start + page + offset).bindMemory(to: Float.self, capacity: count), count: count)
    floats.initialize(repeating: value)
  }

  package convenience init(_ values: [Float], at edge: Edge) {
    self.init(count: values.count, at: edge)
    _ = floats.update(from: values)
  }

  package var base: UnsafeMutablePointer<Float> { floats.baseAddress! }

  deinit { munmap(mapping.baseAddress!, mapping.count) }
}
