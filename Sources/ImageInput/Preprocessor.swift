import ModelGraph

/// Turns an image into a network's input, as a model file's `Preprocessing` says. It is made once for a model and used
/// from any number of threads.
package struct Preprocessor: Sendable {
  package let preprocessing: Preprocessing
  /// Of the input, in pixels.
  package let height: Int
  package let width: Int
  /// The input value of each 8-bit value, for each channel of the input: 3 x 256.
  private let levels: [Float]

  /// - Parameter inputShape: height x width x 3.
  /// - Throws: `PreprocessingError` where the description contradicts itself or the shape.
  package init(preprocessing: Preprocessing, inputShape: Shape) throws(PreprocessingError) {
    try preprocessing.validate(inputShape: inputShape)
    guard case .map(let height, let width, _) = inputShape else { preconditionFailure("validated above") }
    self.preprocessing = preprocessing
    self.height = height
    self.width = width
    levels = (0..<3).flatMap { channel in (0..<256).map { preprocessing.inputValue(Float($0), channel: channel) } }
  }

  /// The input, height x width x 3.
  package func callAsFunction(_ image: Image) -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: height * width * 3) { input, count in
      unsafe write(image, into: input)
      count = height * width * 3
    }
  }

  /// Writes the input, height x width x 3, into memory of the caller, which holds exactly that many values.
  package func write(_ image: Image, into input: UnsafeMutableBufferPointer<Float>) {
    precondition(input.count == height * width * 3, "the input's memory must hold height x width x 3 values")
    let frame = ResizedFrame(
      geometry: preprocessing.geometry, imageWidth: image.width, imageHeight: image.height, width: width, height: height
    )
    switch (preprocessing.filter, preprocessing.antialias) {
    case (.nearest, _):
      unsafe writeLevels(of: frame.nearest(image), into: input)
    case (.bilinear, true):
      unsafe writeLevels(of: frame.convolved(image, by: .bilinear), into: input)
    case (.bicubic, true):
      unsafe writeLevels(of: frame.convolved(image, by: .bicubic), into: input)
    case (.bilinear, false):
      unsafe frame.interpolate(
        image, columns: .bilinear(frame.columns), rows: .bilinear(frame.rows), into: input)
      unsafe normalize(input)
    case (.bicubic, false):
      unsafe frame.interpolate(image, columns: .bicubic(frame.columns), rows: .bicubic(frame.rows), into: input)
      unsafe normalize(input)
    }
  }

  /// Scales resized 8-bit pixels by the table.
  private func writeLevels(of pixels: [UInt8], into input: UnsafeMutableBufferPointer<Float>) {
    let isReversed = preprocessing.channelOrder == .bgr
    unsafe levels.withUnsafeBufferPointer { levels in
      unsafe pixels.withUnsafeBufferPointer { pixels in
        for pixel in stride(from: 0, to: pixels.count, by: 3) {
          for channel in 0..<3 {
            let value = unsafe pixels[pixel + (isReversed ? 2 - channel : channel)]
            unsafe input[pixel + channel] = levels[channel << 8 | Int(value)]
          }
        }
      }
    }
  }

  /// Scales resized red, green and blue values in place.
  private func normalize(_ input: UnsafeMutableBufferPointer<Float>) {
    let isReversed = preprocessing.channelOrder == .bgr
    for pixel in stride(from: 0, to: input.count, by: 3) {
      if isReversed { unsafe input.swapAt(pixel, pixel + 2) }
      for channel in 0..<3 {
        unsafe input[pixel + channel] = preprocessing.inputValue(input[pixel + channel], channel: channel)
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
