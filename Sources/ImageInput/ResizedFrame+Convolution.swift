extension ResizedFrame {
  /// The image convolved along rows, rounded to 8 bits, then along columns, rounded again: exactly Pillow's `resize`
  /// (for Pillow 13 see `Preprocessing.antialias`). Only the part that is used is computed. Where the cubic filter
  /// overshoots 0...255, values are clipped.
  ///
  /// - Returns: rows.used x columns.used pixels.
  func convolved<Source: RowSource>(
    _ source: inout CountedRows<Source>, by filter: ConvolutionFilter
  ) throws(Source.Failure) -> [UInt8] {
    let (across, down) = windows { .convolution(filter, $0) }
    return try orientation.isSideways
      ? convolvedSideways(&source, across: across, down: down)
      : convolvedUpright(&source, across: across, down: down)
  }

  private func convolvedUpright<Source: RowSource>(
    _ source: inout CountedRows<Source>, across: SamplingWindows<Int32>, down: SamplingWindows<Int32>
  ) throws(Source.Failure) -> [UInt8] {
    let samples = Source.samples
    let stride = across.count * samples
    var pixels = [UInt8](repeating: 0, count: down.count * stride)
    var line = RowRing<UInt8>(rows: 1, width: source.width * samples, zero: 0)
    var narrowed = RowRing<UInt8>(rows: down.longest, width: stride, zero: 0)
    let needed = down.extent
    var row = 0
    for index in down.storedOrder {
      try unsafe narrowed.advance(to: down.pixels(index).upperBound) { (result, _) throws(Source.Failure) in
        try unsafe line.advance(to: row + 1) { (line, stride) throws(Source.Failure) in
          try unsafe source.read(into: line, stride: stride)
        }
        if needed.contains(row) { unsafe across.convolveRow(line[row], samples: samples, into: result) }
        row += 1
      }
      unsafe pixels.withUnsafeMutableBufferPointer { pixels in
        unsafe down.convolveColumns(
          narrowed, index, places: 0..<stride, into: pixels.baseAddress! + index * stride)
      }
    }
    return pixels
  }

  private func convolvedSideways<Source: RowSource>(
    _ source: inout CountedRows<Source>, across: SamplingWindows<Int32>, down: SamplingWindows<Int32>
  ) throws(Source.Failure) -> [UInt8] {
    let samples = Source.samples
    let stride = across.count * samples
    let extent = down.extent
    var pixels = [UInt8](repeating: 0, count: down.count * stride)
    var lines = RowRing<UInt8>(rows: across.longest, width: source.width * samples, zero: 0)
    let narrowed = RowRing<UInt8>(rows: 1, width: source.width * samples, zero: 0)
    let column = RowRing<UInt8>(rows: 1, width: down.count * samples, zero: 0)
    for index in across.storedOrder {
      try unsafe lines.advance(to: across.pixels(index).upperBound) { (line, stride) throws(Source.Failure) in
        try unsafe source.read(into: line, stride: stride)
      }
      let places = extent.lowerBound * samples..<extent.upperBound * samples
      unsafe across.convolveColumns(lines, index, places: places, into: narrowed[0] + places.lowerBound)
      unsafe down.convolveRow(narrowed[0], samples: samples, into: column[0])
      for y in 0..<down.count {
        for channel in 0..<samples {
          pixels[y * stride + index * samples + channel] = unsafe column[0][y * samples + channel]
        }
      }
    }
    return pixels
  }
}

extension SamplingWindows<Int32> {
  private static var half: Int32 { 1 << (fractionBits - 1) }

  private static func level(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> fractionBits, 0), 255))
  }

  /// One row of pixels of three or four samples. A byte after the row's last is read.
  @inline(__always)
  fileprivate func convolveRow(
    _ row: UnsafePointer<UInt8>, samples: Int, into result: UnsafeMutablePointer<UInt8>
  ) {
    let step = step * samples
    unsafe weights.withUnsafeBufferPointer { weights in
      for index in 0..<count {
        let (offset, taps) = (offsets[index], offsets[index + 1] - offsets[index])
        let start = unsafe row + starts[index] * samples
        var sums = SIMD4(repeating: Self.half)
        // Pixels are read four bytes at a time, of which the fourth may not be used.
        for tap in 0..<taps {
          let bytes = unsafe UnsafeRawPointer(start + tap * step).loadUnaligned(as: SIMD4<UInt8>.self)
          unsafe sums &+= SIMD4<Int32>(truncatingIfNeeded: bytes) &* weights[offset + tap]
        }
        for channel in 0..<samples { unsafe result[index * samples + channel] = Self.level(sums[channel]) }
      }
    }
  }

  /// One row of the result, from the rows read so far.
  fileprivate func convolveColumns(
    _ rows: borrowing RowRing<UInt8>, _ index: Int, places: Range<Int>, into result: UnsafeMutablePointer<UInt8>
  ) {
    let count = places.count
    unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { sums in
      unsafe sums.initialize(repeating: Self.half)
      let offset = offsets[index]
      for tap in 0..<offsets[index + 1] - offset {
        let weight = weights[offset + tap]
        let row = unsafe rows[starts[index] + tap * step] + places.lowerBound
        for place in 0..<count { unsafe sums[place] &+= Int32(row[place]) &* weight }
      }
      for place in 0..<count { unsafe result[place] = Self.level(sums[place]) }
    }
  }
}
