import ModelGraph

/// Little-endian numbers of each type as those of Swift; the caller has checked that there are `count`.
extension NamedArray.ElementType {
  func floats(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if count > 0 { unsafe convert(bytes, count: count, to: buffer.baseAddress!) }
      initialized = count
    }
  }

  /// - Parameter floats: Room for `count` of them.
  func convert(_ bytes: UnsafeRawBufferPointer, count: Int, to floats: UnsafeMutablePointer<Float>) {
    switch self {
    case .float16: unsafe ElementType.float16.convert(bytes, to: floats)
    case .bfloat16: unsafe ElementType.bfloat16.convert(bytes, to: floats)
    case .float32: unsafe ElementType.float32.convert(bytes, to: floats)
    case .int8: unsafe ElementType.int8.convert(bytes, to: floats)
    case .int32: unsafe ElementType.int32.convert(bytes, to: floats)
    case .float64:
      unsafe each(bytes, count, UInt64.self) { unsafe (floats + $0).initialize(to: Float(Double(bitPattern: $1))) }
    case .int16: unsafe each(bytes, count, Int16.self) { unsafe (floats + $0).initialize(to: Float($1)) }
    case .int64: unsafe each(bytes, count, Int64.self) { unsafe (floats + $0).initialize(to: Float($1)) }
    case .uint8: unsafe each(bytes, count, UInt8.self) { unsafe (floats + $0).initialize(to: Float($1)) }
    case .uint16: unsafe each(bytes, count, UInt16.self) { unsafe (floats + $0).initialize(to: Float($1)) }
    case .uint32: unsafe each(bytes, count, UInt32.self) { unsafe (floats + $0).initialize(to: Float($1)) }
    case .uint64: unsafe each(bytes, count, UInt64.self) { unsafe (floats + $0).initialize(to: Float($1)) }
    case .bool: unsafe each(bytes, count, UInt8.self) { unsafe (floats + $0).initialize(to: $1 == 0 ? 0 : 1) }
    }
  }

  func doubles(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(count)
    switch self {
    case .float64: unsafe each(bytes, count, UInt64.self) { values.append(Double(bitPattern: $1)) }
    case .int32: unsafe each(bytes, count, Int32.self) { values.append(Double($1)) }
    case .uint32: unsafe each(bytes, count, UInt32.self) { values.append(Double($1)) }
    case .int64: unsafe each(bytes, count, Int64.self) { values.append(Double($1)) }
    case .uint64: unsafe each(bytes, count, UInt64.self) { values.append(Double($1)) }
    default: values = unsafe floats(bytes, count: count).map(Double.init)
    }
    return values
  }

  /// Nil for each value that `Int` cannot hold.
  func integers(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Int?] {
    var values: [Int?] = []
    switch self {
    case .int8: unsafe each(bytes, count, Int8.self) { values.append(Int($1)) }
    case .int16: unsafe each(bytes, count, Int16.self) { values.append(Int($1)) }
    case .int32: unsafe each(bytes, count, Int32.self) { values.append(Int($1)) }
    case .int64: unsafe each(bytes, count, Int64.self) { values.append(Int($1)) }
    case .uint8, .bool: unsafe each(bytes, count, UInt8.self) { values.append(Int($1)) }
    case .uint16: unsafe each(bytes, count, UInt16.self) { values.append(Int($1)) }
    case .uint32: unsafe each(bytes, count, UInt32.self) { values.append(Int($1)) }
    case .uint64: unsafe each(bytes, count, UInt64.self) { values.append(Int(exactly: $1)) }
    case .float16, .bfloat16, .float32, .float64: values = [Int?](repeating: nil, count: count)
    }
    return values
  }

  func firstNonFinite(_ bytes: UnsafeRawBufferPointer, count: Int) -> (index: Int, value: Float)? {
    switch self {
    case .float32:
      // The loop that a large file spends its time in: an exponent of all ones is NaN or infinity.
      for index in 0..<count {
        let pattern = unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
        if pattern & 0x7f80_0000 == 0x7f80_0000 { return (index, Float(bitPattern: pattern)) }
      }
      return nil
    case .float16, .bfloat16, .float64:
      let values = unsafe floats(bytes, count: count)
      return values.firstIndex { !$0.isFinite }.map { ($0, values[$0]) }
    default: return nil
    }
  }

  @inline(__always)
  private func each<Number: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ count: Int, _ type: Number.Type, _ body: (Int, Number) -> Void
  ) {
    for index in 0..<count {
      let number = unsafe bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Number>.size, as: Number.self)
      body(index, Number(littleEndian: number))
    }
  }
}

private typealias ElementType = ModelGraph.ElementType
