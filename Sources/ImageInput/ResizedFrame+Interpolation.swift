extension ResizedFrame {
  /// The image interpolated between its nearest pixels, not rounded, as `tf.image.resize` returns it: the cubic filter
  /// overshoots 0...255. Columns come first: the pixels of a row are neighbors in memory, so that pass runs in vectors.
  ///
  /// - Parameter result: rows.used x columns.used pixels.
  func interpolate<Source: RowSource>(
    _ source: inout CountedRows<Source>, by filter: (ResizedSide) -> SamplingWindows<Float>,
    into result: UnsafeMutableBufferPointer<Float>
  ) throws(Source.Failure) {
    let (across, down) = windows(filter)
    if orientation.isSideways {
      try unsafe interpolateSideways(&source, across: across, down: down, into: result)
    } else {
      try unsafe interpolateUpright(&source, across: across, down: down, into: result)
    }
  }

  private func interpolateUpright<Source: RowSource>(
    _ source: inout CountedRows<Source>, across: SamplingWindows<Float>, down: SamplingWindows<Float>,
    into result: UnsafeMutableBufferPointer<Float>
  ) throws(Source.Failure) {
    let samples = Source.samples
    let extent = across.extent
    var lines = RowRing<UInt8>(rows: down.longest, width: source.width * samples, zero: 0)
    let blended = RowRing<Float>(rows: 1, width: source.width * samples, zero: 0)
    for index in down.storedOrder {
      try unsafe lines.advance(to: down.pixels(index).upperBound) { (line, stride) throws(Source.Failure) in
        try unsafe source.read(into: line, stride: stride)
      }
      let places = extent.lowerBound * samples..<extent.upperBound * samples
      let sums = unsafe blended[0] + places.lowerBound
      unsafe sums.update(repeating: 0, count: places.count)
      let offset = down.offsets[index]
      for tap in 0..<down.offsets[index + 1] - offset {
        let weight = down.weights[offset + tap]
        let row = unsafe lines[down.starts[index] + tap * down.step] + places.lowerBound
        for place in 0..<places.count { unsafe sums[place] += Float(row[place]) * weight }
      }
      let row = unsafe blended[0]
      let target = unsafe result.baseAddress! + index * across.count * samples
      unsafe across.interpolateRow({ unsafe row[$0] }, samples: samples, into: target)
    }
  }

  private func interpolateSideways<Source: RowSource>(
    _ source: inout CountedRows<Source>, across: SamplingWindows<Float>, down: SamplingWindows<Float>,
    into result: UnsafeMutableBufferPointer<Float>
  ) throws(Source.Failure) {
    let samples = Source.samples
    var line = RowRing<UInt8>(rows: 1, width: source.width * samples, zero: 0)
    var blended = RowRing<Float>(rows: across.longest, width: down.count * samples, zero: 0)
    var row = 0
    for index in across.storedOrder {
      try unsafe blended.advance(to: across.pixels(index).upperBound) { (result, _) throws(Source.Failure) in
        try unsafe line.advance(to: row + 1) { (line, stride) throws(Source.Failure) in
          try unsafe source.read(into: line, stride: stride)
        }
        let pixels = unsafe line[row]
        unsafe down.interpolateRow({ unsafe Float(pixels[$0]) }, samples: samples, into: result)
        row += 1
      }
      let offset = across.offsets[index]
      for y in 0..<down.count {
        let target = unsafe result.baseAddress! + (y * across.count + index) * samples
        for channel in 0..<samples {
          var sum: Float = 0
          for tap in 0..<across.offsets[index + 1] - offset {
            let row = unsafe blended[across.starts[index] + tap * across.step]
            unsafe sum += row[y * samples + channel] * across.weights[offset + tap]
          }
          unsafe target[channel] = sum
        }
      }
    }
  }
}

extension SamplingWindows<Float> {
  /// One row of pixels of three or four values.
  @inline(__always)
  fileprivate func interpolateRow(
    _ value: (Int) -> Float, samples: Int, into result: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<count {
      var sums = SIMD4<Float>()
      for tap in 0..<offsets[index + 1] - offsets[index] {
        let pixel = (starts[index] + tap * step) * samples
        let last = samples > 3 ? value(pixel + 3) : 0
        sums += SIMD4(value(pixel), value(pixel + 1), value(pixel + 2), last) * weights[offsets[index] + tap]
      }
      for channel in 0..<samples { unsafe result[index * samples + channel] = sums[channel] }
    }
  }
}
