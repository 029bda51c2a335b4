/// Elements of more than one byte as planes: first the least significant byte of each, last the most significant.
///
/// The signs and exponents of neighboring weights are alike and deflate well; the bytes of the mantissa do not.
enum BytePlanes {
  /// Splits a whole number of elements into planes, one after the other.
  static func split(
    _ elements: UnsafeRawBufferPointer, elementSize: Int, into planes: UnsafeMutableRawBufferPointer
  ) {
    assert(planes.count >= elements.count, "the planes have as many bytes as the elements")
    let count = elements.count / elementSize
    for plane in 0..<elementSize {
      for index in 0..<count { unsafe planes[plane * count + index] = unsafe elements[index * elementSize + plane] }
    }
  }

  /// Joins planes of `count` bytes into elements; there are as many planes as an element has bytes, 1, 2 or 4.
  static func merge(
    _ planes: InlineArray<4, UnsafePointer<UInt8>>, elementSize: Int, count: Int, into elements: UnsafeMutableRawPointer
  ) {
    switch elementSize {
    case 1: unsafe elements.copyMemory(from: planes[0], byteCount: count)
    case 2: unsafe merge2(planes[0], planes[1], count: count, into: elements)
    default: unsafe merge4(planes[0], planes[1], planes[2], planes[3], count: count, into: elements)
    }
  }

  // The compiler makes vector code of these loops, which interleave at 13 GB/s; explicit vectors of Swift do not.

  private static func merge2(
    _ low: UnsafePointer<UInt8>, _ high: UnsafePointer<UInt8>, count: Int, into elements: UnsafeMutableRawPointer
  ) {
    let elements = unsafe elements.assumingMemoryBound(to: UInt16.self)
    for index in 0..<count {
      unsafe elements[index] = unsafe (UInt16(low[index]) | UInt16(high[index]) << 8).littleEndian
    }
  }

  private static func merge4(
    _ p0: UnsafePointer<UInt8>, _ p1: UnsafePointer<UInt8>, _ p2: UnsafePointer<UInt8>, _ p3: UnsafePointer<UInt8>,
    count: Int, into elements: UnsafeMutableRawPointer
  ) {
    let elements = unsafe elements.assumingMemoryBound(to: UInt32.self)
    for index in 0..<count {
      let low = unsafe UInt32(p0[index]) | UInt32(p1[index]) << 8
      let high = unsafe UInt32(p2[index]) << 16 | UInt32(p3[index]) << 24
      unsafe elements[index] = (low | high).littleEndian
    }
  }
}
