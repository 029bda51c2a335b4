/// Elements of more than one byte as planes: first the least significant byte of each, last the most significant.
///
/// Sign and exponent of neighboring weights are alike and deflate well, the bytes of the mantissa do not at all.
enum BytePlanes {
  /// Splits a whole number of elements into planes, one after the other.
  static func split(
    _ elements: UnsafeRawBufferPointer, elementSize: Int, into planes: UnsafeMutableRawBufferPointer
  ) {
    let count = elements.count / elementSize
    for plane in 0..<elementSize {
      for index in 0..<count { planes[plane * count + index] = elements[index * elementSize + plane] }
    }
  }

  /// Joins planes of `count` bytes into elements; there are as many planes as an element has bytes, 1, 2 or 4.
  static func merge(
    _ planes: InlineArray<4, UnsafeRawPointer>, elementSize: Int, count: Int, into elements: UnsafeMutableRawPointer
  ) {
    switch elementSize {
    case 1: elements.copyMemory(from: planes[0], byteCount: count)
    case 2: merge2(planes, count: count, into: elements)
    default: merge4(planes, count: count, into: elements)
    }
  }

  private static func merge2(
    _ planes: InlineArray<4, UnsafeRawPointer>, count: Int, into elements: UnsafeMutableRawPointer
  ) {
    var index = 0
    while index + 16 <= count {
      let low = planes[0].loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      let high = planes[1].loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      let joined = SIMD16<UInt16>(truncatingIfNeeded: low) | SIMD16<UInt16>(truncatingIfNeeded: high) &<< 8
      elements.storeBytes(of: joined, toByteOffset: index * 2, as: SIMD16<UInt16>.self)
      index += 16
    }
    mergeRest(planes, elementSize: 2, from: index, count: count, into: elements)
  }

  private static func merge4(
    _ planes: InlineArray<4, UnsafeRawPointer>, count: Int, into elements: UnsafeMutableRawPointer
  ) {
    var index = 0
    while index + 16 <= count {
      let p0 = planes[0].loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      let p1 = planes[1].loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      let p2 = planes[2].loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      let p3 = planes[3].loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      let low = SIMD16<UInt16>(truncatingIfNeeded: p0) | SIMD16<UInt16>(truncatingIfNeeded: p1) &<< 8
      let high = SIMD16<UInt16>(truncatingIfNeeded: p2) | SIMD16<UInt16>(truncatingIfNeeded: p3) &<< 8
      let joined = SIMD16<UInt32>(truncatingIfNeeded: low) | SIMD16<UInt32>(truncatingIfNeeded: high) &<< 16
      elements.storeBytes(of: joined, toByteOffset: index * 4, as: SIMD16<UInt32>.self)
      index += 16
    }
    mergeRest(planes, elementSize: 4, from: index, count: count, into: elements)
  }

  private static func mergeRest(
    _ planes: InlineArray<4, UnsafeRawPointer>, elementSize: Int, from start: Int, count: Int,
    into elements: UnsafeMutableRawPointer
  ) {
    for plane in 0..<elementSize {
      for index in start..<count {
        elements.storeBytes(
          of: planes[plane].load(fromByteOffset: index, as: UInt8.self), toByteOffset: index * elementSize + plane,
          as: UInt8.self)
      }
    }
  }
}
