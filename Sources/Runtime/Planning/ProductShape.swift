import Kernels

/// What a product multiplies, in words of four bytes.
struct ProductShape: Equatable {
  var arithmetic: Arithmetic
  /// The rows of the weights: the channels of all taps of a window.
  var channels: Int
  /// The words of a row of a row panel, each of which is multiplied by a row of a column panel.
  var depth: Int
  /// The words of such a row of a column panel.
  var panelRowWords: Int
  /// The rows of a tile.
  var tileRows: Int
  /// Segments of a row panel that may be written: at least as many as are read.
  var segments: Int
  /// What follows the segments of each tile of a row panel.
  var scaleWords: Int
  /// See `DepthwiseRun.tailWords`.
  var tailWords = 0
  /// The words of each tap's bytes, where windows are copied from bands of bytes; else 0.
  var tapWords = 0

  /// - Parameters:
  ///   - taps: The runs that the channels are divided into.
  ///   - channels: Of a tap.
  ///   - input: How the map that the rows are made of is stored: from packed maps pairs of vectors are written.
  ///   - closesTail: Whether the kernel that makes bf16 rows can place the last channels closer than a map has them:
  ///     728 channels in 364 words, not 368.
  ///   - hasBands: Whether windows are copied from bands of bytes.
  init(
    _ arithmetic: Arithmetic, taps: Int, channels: Int, input: MapElementType, kernels: any KernelSet.Type,
    closesTail: Bool = false, hasBands: Bool = false
  ) {
    let width = kernels.vectorWidth
    self.arithmetic = arithmetic
    self.channels = taps * channels
    tileRows = kernels.tileRows(arithmetic)
    scaleWords = 0
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights:
      depth = taps * channels
      panelRowWords = arithmetic == .float32 ? 2 * width : arithmetic == .bfloat16Weights ? width : width / 2
    case .bfloat16:
      let (whole, rest) = channels.quotientAndRemainder(dividingBy: 2 * width)
      if closesTail && !kernels.usesMatrixRegisters(.bfloat16) { tailWords = (rest + 1) / 2 }
      depth = taps * (whole * width + (rest == 0 ? 0 : tailWords > 0 ? tailWords : width))
      panelRowWords = 2 * width
    case .int8:
      depth = kernels.words(of: taps * channels, .int8)
      if hasBands {
        tapWords = kernels.byteWords(of: channels)
        depth = taps * tapWords
        if kernels.usesMatrixRegisters(.int8) { depth = (depth + width - 1) / width * width }
      }
      panelRowWords = kernels.columnWords(.int8)
      scaleWords = (tileRows + width - 1) / width * width
    case .int16:
      depth = kernels.words(of: taps * channels, .int16)
      panelRowWords = 2 * width
      scaleWords = (tileRows + width - 1) / width * width
    }
    segments = (depth + width - 1) / width
    if input == .bfloat16, arithmetic == .float32 || arithmetic == .bfloat16Weights { segments = (segments + 1) & ~1 }
  }

  /// From one tile of a row panel to the next.
  func tileStride(_ kernels: any KernelSet.Type) -> Int {
    segments * tileRows * kernels.vectorWidth + scaleWords
  }

  /// The distance between the lines that a product's rows of integers are quantized from: whole pairs of vectors, and
  /// one more so that lines of 1,024 channels do not fall on the same cache sets.
  func lineStride(_ kernels: any KernelSet.Type) -> Int {
    (channels + 2 * kernels.vectorWidth - 1) / (2 * kernels.vectorWidth) * 2 * kernels.vectorWidth + kernels.vectorWidth
  }

  /// The number of rows that are quantized together: as many as the depthwise kernel computes at once, or several times
  /// that. With 728 channels their floats are 20 KB, which the first-level cache holds until they are read again.
  func quantizedRows(_ kernels: any KernelSet.Type) -> Int {
    7 * max(1, min(Self.mostQuantizedRows / 7, 730 / lineStride(kernels)))
  }

  static let mostQuantizedRows = 56

  /// Whether its rows are integers with a scale for each.
  var isInteger: Bool { arithmetic == .int8 || arithmetic == .int16 }

  /// The value that the largest magnitude of a row is scaled to.
  func limit(_ kernels: any KernelSet.Type) -> Float {
    arithmetic == .int16 ? Float(kernels.shortLimit(channels: channels)) : 127
  }

  /// The words of a column panel.
  var panelWords: Int { depth * panelRowWords }
}
