extension ResizedSide {
  /// The image's pixel for each used one: `floor((i + 0.5) * imageSize / size)`, found by repeated addition in double
  /// precision as Pillow's `NEAREST` finds it, since the rounding of the sum decides where the product is close to a
  /// whole number.
  ///
  /// `tf.image.resize` multiplies in single precision instead; see `Preprocessing.Filter.nearest`.
  var nearest: [Int] {
    let scale = Double(imageSize) / Double(size)
    var place = scale * 0.5
    var indices: [Int] = []
    indices.reserveCapacity(used.count)
    for index in 0..<used.upperBound {
      if index >= used.lowerBound { indices.append(min(Int(place), imageSize - 1)) }
      place += scale
    }
    return indices
  }
}

extension ResizedFrame {
  /// The nearest pixels, rows.used x columns.used x 3.
  func nearest(_ image: Image) -> [UInt8] {
    let columns = columns.nearest
    let rows = rows.nearest
    return unsafe [UInt8](unsafeUninitializedCapacity: rows.count * columns.count * 3) { pixels, count in
      unsafe image.pixels.withUnsafeBufferPointer { source in
        for row in rows {
          let start = row * image.width
          for column in columns {
            let place = (start + column) * 3
            for channel in 0..<3 { unsafe pixels[count + channel] = source[place + channel] }
            count += 3
          }
        }
      }
    }
  }
}
