import Files

extension HDF5Type {
  /// Stored numbers as 32-bit floats, rounded to nearest.
  ///
  /// - Parameter bytes: Holds `count` numbers of the type.
  func floats(_ bytes: FileBytes, count: Int) -> [Float] {
    switch format {
    case .float16: map(bytes, count, UInt16.self) { Float(halfBitPattern: $0) }
    case .bfloat16: map(bytes, count, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float32: map(bytes, count, UInt32.self) { Float(bitPattern: $0) }
    case .float64: map(bytes, count, UInt64.self) { Float(Double(bitPattern: $0)) }
    case .int8: map(bytes, count, Int8.self) { Float($0) }
    case .int16: map(bytes, count, Int16.self) { Float($0) }
    case .int32: map(bytes, count, Int32.self) { Float($0) }
    case .int64: map(bytes, count, Int64.self) { Float($0) }
    case .uint8: map(bytes, count, UInt8.self) { Float($0) }
    case .uint16: map(bytes, count, UInt16.self) { Float($0) }
    case .uint32: map(bytes, count, UInt32.self) { Float($0) }
    case .uint64: map(bytes, count, UInt64.self) { Float($0) }
    case .bool: map(bytes, count, UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }

  func doubles(_ bytes: FileBytes, count: Int) -> [Double] {
    switch format {
    case .float64: map(bytes, count, UInt64.self) { Double(bitPattern: $0) }
    case .int32: map(bytes, count, Int32.self) { Double($0) }
    case .int64: map(bytes, count, Int64.self) { Double($0) }
    case .uint32: map(bytes, count, UInt32.self) { Double($0) }
    case .uint64: map(bytes, count, UInt64.self) { Double($0) }
    default: floats(bytes, count: count).map(Double.init)
    }
  }

  @inline(__always)
  private func map<Stored: FixedWidthInteger, Number>(
    _ bytes: FileBytes, _ count: Int, _ stored: Stored.Type, _ number: (Stored) -> Number
  ) -> [Number] {
    unsafe bytes.withUnsafeBytes { bytes in
      (0..<count).map { index in
        let pattern = unsafe bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self)
        return number(isBigEndian ? Stored(bigEndian: pattern) : Stored(littleEndian: pattern))
      }
    }
  }
}

extension Float {
  /// IEEE's 16-bit format, exactly; `Float16` is missing on Intel Macs.
  init(halfBitPattern bits: UInt16) {
    let sign = UInt32(bits >> 15) << 31
    let exponent = UInt32(bits >> 10 & 31)
    let fraction = UInt32(bits & 0x3ff)
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24
      self = Float(bitPattern: magnitude.bitPattern | sign)
    case 31: self = Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
    default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
