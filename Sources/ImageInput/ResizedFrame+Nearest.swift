extension ResizedFrame {
  /// The nearest pixels, rows.used x columns.used pixels.
  func nearest<Source: RowSource>(
    _ source: inout CountedRows<Source>, by filter: (ResizedSide) -> SamplingWindows<Void>
  ) throws(Source.Failure) -> [UInt8] {
    let samples = Source.samples
    let (across, down) = windows(filter)
    // Along the stored image's columns, and along its rows.
    let (outer, inner) = orientation.isSideways ? (across, down) : (down, across)
    var pixels = [UInt8](repeating: 0, count: across.count * down.count * samples)
    var ring = RowRing<UInt8>(rows: 1, width: source.width * samples, zero: 0)
    for index in outer.storedOrder where !outer.pixels(index).isEmpty {
      let row = outer.starts[index]
      try unsafe ring.advance(to: row + 1) { (line, stride) throws(Source.Failure) in
        try unsafe source.read(into: line, stride: stride)
      }
      let line = unsafe ring[row]
      for place in 0..<inner.count where !inner.pixels(place).isEmpty {
        let (y, x) = orientation.isSideways ? (place, index) : (index, place)
        let target = (y * across.count + x) * samples
        let pixel = inner.starts[place] * samples
        for channel in 0..<samples { pixels[target + channel] = unsafe line[pixel + channel] }
      }
    }
    return pixels
  }
}
