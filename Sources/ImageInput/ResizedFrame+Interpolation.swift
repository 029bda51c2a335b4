extension ResizedFrame {
  /// The image interpolated between its nearest pixels, not rounded, as `tf.image.resize` returns it: the cubic's
  /// overshoot leaves 0...255.
  ///
  /// - Parameter result: rows.used x columns.used x 3.
  func interpolate(
    _ image: Image, columns: SamplingWindows<Float>, rows: SamplingWindows<Float>,
    into result: UnsafeMutableBufferPointer<Float>
  ) {
    let extent = columns.extent
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: extent.count * 3) { blended in
      unsafe image.pixels.withUnsafeBufferPointer { source in
        for index in 0..<rows.count {
          // Down first: the pixels of a row are neighbors in memory, so this is the pass that runs in vectors.
          unsafe blended.initialize(repeating: 0)
          let offset = rows.offsets[index]
          for tap in 0..<rows.offsets[index + 1] - offset {
            let weight = rows.weights[offset + tap]
            let row =
              unsafe source.baseAddress!
              + ((rows.starts[index] + tap) * image.width + extent.lowerBound) * 3
            for place in 0..<extent.count * 3 { unsafe blended[place] += Float(row[place]) * weight }
          }
          unsafe columns.interpolateRow(
            of: blended.baseAddress! - extent.lowerBound * 3, into: result.baseAddress! + index * columns.count * 3)
        }
      }
    }
  }
}

extension SamplingWindows<Float> {
  /// One row of RGB values; the pointer is to where column 0 would be.
  fileprivate func interpolateRow(of row: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
    for index in 0..<count {
      var sums = SIMD4<Float>()
      for tap in 0..<offsets[index + 1] - offsets[index] {
        let pixel = unsafe row + (starts[index] + tap) * 3
        unsafe sums += SIMD4(pixel[0], pixel[1], pixel[2], 0) * weights[offsets[index] + tap]
      }
      for channel in 0..<3 { unsafe result[index * 3 + channel] = sums[channel] }
    }
  }
}
