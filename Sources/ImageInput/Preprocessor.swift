import ModelGraph

/// Turns an image into a network's input, as a model file's `Preprocessing` says. It is made once for a model and used
/// from any number of threads.
package struct Preprocessor: Sendable {
  package let preprocessing: Preprocessing
  /// Of the input, in pixels.
  package let height: Int
  package let width: Int
  /// 3; 1, for which pictures are made gray; or 4, of which the last is alpha, 255 where a picture has none.
  package let channels: Int
  /// The input value of each 8-bit value, for each channel of the input: channels x 256.
  private let levels: [Float]

  /// - Parameter inputShape: height x width x 3, 1 or 4.
  /// - Throws: `PreprocessingError` where the description contradicts itself or the shape.
  package init(preprocessing: Preprocessing, inputShape: Shape) throws(PreprocessingError) {
    try preprocessing.validate(inputShape: inputShape)
    guard case .map(let height, let width, let channels) = inputShape else { preconditionFailure("validated above") }
    self.preprocessing = preprocessing
    self.height = height
    self.width = width
    self.channels = channels
    levels = (0..<channels).flatMap { channel in
      (0..<256).map { preprocessing.inputValue(Float($0), channel: channel) }
    }
  }

  /// The input, height x width x channels.
  package func callAsFunction(_ image: Image) -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: height * width * channels) { input, count in
      unsafe write(image, into: input)
      count = height * width * channels
    }
  }

  /// The input of an image file in memory, which is resized as it is decoded: bit for bit that of the `Image`, which is
  /// never in memory as a whole. With it goes the time that decoding took, without resizing.
  package func input(
    decoding bytes: [UInt8], options: DecodingOptions = .init()
  ) throws(ImageError) -> (values: [Float], decoding: Duration) {
    var values = [Float](repeating: 0, count: height * width * channels)
    let time = try unsafe values.withUnsafeMutableBufferPointer { (values) throws(ImageError) in
      try unsafe write(decoding: bytes, options: options, into: values)
    }
    return (values, time)
  }

  /// Writes the input, height x width x channels, into memory of the caller, which holds exactly that many values.
  package func write(_ image: Image, into input: UnsafeMutableBufferPointer<Float>) {
    if channels == 4 {
      _ = unsafe write(rows: OpaqueRows(source: ImageRows(image)), into: input)
    } else {
      _ = unsafe write(rows: ImageRows(image), into: input)
    }
  }

  /// The same for an image file in memory, which is resized as it is decoded. Returns the time that decoding took.
  package func write(
    decoding bytes: [UInt8], options: DecodingOptions = .init(), into input: UnsafeMutableBufferPointer<Float>
  ) throws(ImageError) -> Duration {
    try ImageFormat.withDecoder(of: bytes, options: options) { (decoder) throws(ImageError) in
      try channels == 4
        ? unsafe write(rows: AlphaRows(decoder, options: options), into: input)
        : unsafe write(rows: DecodedRows(decoder, options: options), into: input)
    }
  }

  func write<Source: RowSource>(
    rows: Source, into input: UnsafeMutableBufferPointer<Float>
  ) throws(Source.Failure) -> Duration {
    precondition(
      input.count == height * width * channels, "the input's memory must hold height x width x channels values")
    guard channels == 1 else {
      // Pillow leaves colors alone where a picture has the size already.
      let frame = frame(of: rows)
      let isResized = [frame.columns, frame.rows].contains { $0.size != $0.region.count }
      return try isConvolved && channels == 4 && isResized
        ? unsafe write(colors: PremultipliedRows(source: rows), isPremultiplied: true, into: input)
        : unsafe write(colors: rows, into: input)
    }
    var colors = [Float](repeating: 0, count: height * width * 3)
    let time = try unsafe colors.withUnsafeMutableBufferPointer { (colors) throws(Source.Failure) in
      try unsafe write(colors: GrayRows(source: rows), into: colors)
    }
    for index in input.indices { unsafe input[index] = colors[3 * index] }
    return time
  }

  /// Whether pictures are resized by Pillow's convolution.
  private var isConvolved: Bool { preprocessing.antialias && ConvolutionFilter(preprocessing.filter) != nil }

  private func frame(of rows: some RowSource) -> ResizedFrame {
    ResizedFrame(
      geometry: preprocessing.geometry, imageWidth: rows.width, imageHeight: rows.height,
      orientation: rows.orientation, width: width, height: height)
  }

  /// Writes all samples of each pixel, which are scaled alike where the input has one channel.
  private func write<Source: RowSource>(
    colors rows: Source, isPremultiplied: Bool = false, into input: UnsafeMutableBufferPointer<Float>
  ) throws(Source.Failure) -> Duration {
    let frame = frame(of: rows)
    var rows = CountedRows(source: rows)
    if let windows = SamplingWindows<Void>.nearest(preprocessing.filter) {
      unsafe writeLevels(of: try frame.nearest(&rows, by: windows), samples: Source.samples, into: input)
    } else if isConvolved, let filter = ConvolutionFilter(preprocessing.filter) {
      var pixels = try frame.convolved(&rows, by: filter)
      if isPremultiplied { PremultipliedRows<Source>.divide(&pixels) }
      unsafe writeLevels(of: pixels, samples: Source.samples, into: input)
    } else {
      try unsafe frame.interpolate(&rows, by: SamplingWindows<Float>.of(preprocessing.filter), into: input)
      unsafe normalize(input, samples: Source.samples)
    }
    try rows.finish()
    return rows.time
  }

  /// Scales resized 8-bit pixels by the table.
  @inline(__always)
  private func writeLevels(of pixels: [UInt8], samples: Int, into input: UnsafeMutableBufferPointer<Float>) {
    let isReversed = preprocessing.channelOrder == .bgr
    unsafe levels.withUnsafeBufferPointer { levels in
      unsafe pixels.withUnsafeBufferPointer { pixels in
        for pixel in stride(from: 0, to: pixels.count, by: samples) {
          for channel in 0..<samples {
            let value = unsafe pixels[pixel + (isReversed && channel < 3 ? 2 - channel : channel)]
            unsafe input[pixel + channel] = levels[min(channel, channels - 1) << 8 | Int(value)]
          }
        }
      }
    }
  }

  /// Scales resized values in place.
  private func normalize(_ input: UnsafeMutableBufferPointer<Float>, samples: Int) {
    let isReversed = preprocessing.channelOrder == .bgr
    for pixel in stride(from: 0, to: input.count, by: samples) {
      if isReversed { unsafe input.swapAt(pixel, pixel + 2) }
      for channel in 0..<samples {
        let value = unsafe input[pixel + channel]
        unsafe input[pixel + channel] = preprocessing.inputValue(value, channel: min(channel, channels - 1))
      }
    }
  }
}

extension Preprocessing {
  /// In the order of Keras and PyTorch, in single precision, so that the results are theirs bit for bit.
  fileprivate func inputValue(_ value: Float, channel: Int) -> Float {
    (value / divisor - mean[channel]) / standardDeviation[channel]
  }
}
