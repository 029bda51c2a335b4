extension ResizedFrame {
  /// The image convolved along rows, rounded to 8 bits, then along columns, rounded again: exactly Pillow's `resize`
  /// (for Pillow 13 see `Preprocessing.antialias`). Only the used part is computed. Values that the cubic's overshoot
  /// takes out of 0...255 are clipped.
  ///
  /// - Returns: rows.used x columns.used x 3.
  func convolved(_ image: Image, by filter: ConvolutionFilter) -> [UInt8] {
    let across = SamplingWindows.convolution(filter, columns)
    let down = SamplingWindows.convolution(filter, rows)
    let neededRows = down.extent
    let stride = across.count * 3

    let narrowed = unsafe [UInt8](unsafeUninitializedCapacity: neededRows.count * stride) { pixels, count in
      unsafe image.pixels.withUnsafeBufferPointer { source in
        for (line, row) in neededRows.enumerated() {
          let isLast = row == image.height - 1
          unsafe across.convolveRow(
            of: source.baseAddress! + row * image.width * 3, readsPast: !isLast,
            into: pixels.baseAddress! + line * stride)
        }
      }
      count = neededRows.count * stride
    }
    return unsafe [UInt8](unsafeUninitializedCapacity: down.count * stride) { pixels, count in
      unsafe narrowed.withUnsafeBufferPointer { source in
        unsafe down.convolveColumns(
          of: source.baseAddress! - neededRows.lowerBound * stride, stride: stride, into: pixels.baseAddress!)
      }
      count = down.count * stride
    }
  }
}

extension SamplingWindows<Int32> {
  private static var half: Int32 { 1 << (fractionBits - 1) }

  private static func level(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> fractionBits, 0), 255))
  }

  /// One row of RGB pixels.
  ///
  /// - Parameter readsPast: whether a byte after the row's last may be read.
  fileprivate func convolveRow(
    of row: UnsafePointer<UInt8>, readsPast: Bool, into result: UnsafeMutablePointer<UInt8>
  ) {
    unsafe weights.withUnsafeBufferPointer { weights in
      for index in 0..<count {
        let (offset, taps) = (offsets[index], offsets[index + 1] - offsets[index])
        let start = unsafe row + starts[index] * 3
        var sums = SIMD4(repeating: Self.half)
        // Pixels are read four bytes at a time, of which the fourth is not used; the last pixel of a row that ends the
        // memory is not.
        let wide = readsPast ? taps : taps - 1
        for tap in 0..<wide {
          let bytes = unsafe UnsafeRawPointer(start + tap * 3).loadUnaligned(as: SIMD4<UInt8>.self)
          unsafe sums &+= SIMD4<Int32>(truncatingIfNeeded: bytes) &* weights[offset + tap]
        }
        if wide < taps {
          let pixel = unsafe start + wide * 3
          let bytes = unsafe SIMD4<UInt8>(pixel[0], pixel[1], pixel[2], 0)
          unsafe sums &+= SIMD4<Int32>(truncatingIfNeeded: bytes) &* weights[offset + wide]
        }
        for channel in 0..<3 { unsafe result[index * 3 + channel] = Self.level(sums[channel]) }
      }
    }
  }

  /// All rows, `stride` bytes each; the pointer is to where row 0 would be.
  fileprivate func convolveColumns(
    of rows: UnsafePointer<UInt8>, stride: Int, into result: UnsafeMutablePointer<UInt8>
  ) {
    unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: stride) { sums in
      for index in 0..<count {
        unsafe sums.initialize(repeating: Self.half)
        let offset = offsets[index]
        for tap in 0..<offsets[index + 1] - offset {
          let weight = weights[offset + tap]
          let row = unsafe rows + (starts[index] + tap) * stride
          for place in 0..<stride { unsafe sums[place] &+= Int32(row[place]) &* weight }
        }
        let line = unsafe result + index * stride
        for place in 0..<stride { unsafe line[place] = Self.level(sums[place]) }
      }
    }
  }
}
