import Runtime

/// Memory that ends (or starts) at a page which cannot be touched.
@safe final class GuardedFloats {
  private let memory: AlignedMemory
  let start: UnsafeMutablePointer<Float>
  let count: Int

  init(_ values: [Float], _ end: AlignedMemory.End = .end) throws {
    memory = try AlignedMemory.$guardedEnd.withValue(end) { try AlignedMemory(byteCount: 4 * values.count) }
    unsafe start = memory.bytes.baseAddress!.assumingMemoryBound(to: Float.self)
    count = values.count
    unsafe start.initialize(from: values, count: count)
  }

  convenience init(count: Int) throws { try self.init([Float](repeating: -77, count: count)) }

  var values: [Float] { unsafe Array(UnsafeBufferPointer(start: start, count: count)) }
  var bits: [UInt32] { values.map(\.bitPattern) }
}
