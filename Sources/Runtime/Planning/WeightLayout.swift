import Kernels
import ModelGraph
import Synchronization
import Threads

/// Where each step's weights are, in the order in which the steps read them, and the jobs that put them there.
struct WeightLayout {
  /// One column panel or all of them, and the input channels that they are multiplied by.
  struct Slice {
    var channels: Range<Int>
    var panels: Range<Int>
    var shape: ProductShape
    var weights: ColumnWeights
  }

  /// The version of what packing makes of a tensor. It must be raised with any change of that, as blocks that were
  /// packed before are kept; `PackedWeightsTests` fails where that was forgotten.
  static let version = 10

  private(set) var wordCount = 0
  /// A hash of the places that were reserved, and of what they are for.
  private(set) var fingerprint: UInt64 = 0xcbf2_9ce4_8422_2325
  private var jobs: [@Sendable (BoundedPointer<Float>) throws -> Void] = []
  /// Jobs that need the results of others.
  private var lastJobs: [@Sendable (BoundedPointer<Float>) throws -> Void] = []
  private let kernels: any KernelSet.Type
  private var panelWidth: Int { kernels.panelWidth }
  var byteCount: Int { wordCount * MemoryLayout<Float>.size }

  init(kernels: any KernelSet.Type) { self.kernels = kernels }

  /// Reserves room for some words, on a cache line of its own.
  mutating func reserve(_ count: Int, _ purpose: StaticString = #function) -> Int {
    for byte in "\(purpose) \(count)".utf8 { fingerprint = (fingerprint ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let offset = wordCount
    wordCount += (count + 15) & ~15
    return offset
  }

  /// Packs a matrix of `shape.channels` x columns into column panels.
  ///
  /// - Parameters:
  ///   - channels: The channels of each tap of a window, where there are several.
  ///   - isPositive: Whether nothing is added to the bytes of its rows.
  mutating func addColumns(
    _ tensor: Tensor, _ shape: ProductShape, columns: Int, channels: Int? = nil, isPositive: Bool = false
  ) -> ColumnWeights {
    let panels = (columns + panelWidth - 1) / panelWidth
    let offset = reserve(panels * shape.panelWords)
    if shape.arithmetic == .int8 || shape.arithmetic == .int8Weights {
      return addBytes(
        tensor, shape, columns: columns, panels: offset, channels: shape.tapWords > 0 ? channels : nil,
        isPositive: isPositive)
    }
    if shape.arithmetic == .int16 { return addShorts(tensor, shape, columns: columns, panels: offset) }
    let scale = paddedScale(of: tensor, columns)
    for block in 0..<tensor.contents.blockCount {
      jobs.append { [kernels] base in
        let packed = base.part(from: offset, count: panels * shape.panelWords)
        try unsafe tensor.withFloats(inBlock: block, groupsOf: kernels.panelWidth * columns) { floats, first in
          unsafe scale.withUnsafeBufferPointer { scale in
            unsafe kernels.pack(
              ColumnPacking(
                values: floats.baseAddress!, first: first, count: floats.count, depth: shape.channels,
                columns: columns, scale: scale.baseAddress!, panels: packed.writing(panels * shape.panelWords),
                arithmetic: shape.arithmetic,
                channels: channels, tailWords: shape.tailWords))
          }
        }
      }
    }
    return ColumnWeights(panels: offset)
  }

  /// Packs a matrix of bytes into column panels, with the columns' scales. Where the sums start from is computed from
  /// the packed weights, so after all of them.
  private mutating func addBytes(
    _ tensor: Tensor, _ shape: ProductShape, columns: Int, panels offset: Int, channels: Int?, isPositive: Bool
  ) -> ColumnWeights {
    let panels = (columns + panelWidth - 1) / panelWidth
    let scale = paddedScale(of: tensor, columns)
    let weights = ColumnWeights(
      panels: offset, scales: reserve(panels * panelWidth), starts: reserve(panels * panelWidth))
    jobs.append { base in base.part(from: weights.scales, count: scale.count).update(from: scale) }
    for block in 0..<tensor.contents.blockCount {
      jobs.append { [kernels] base in
        try unsafe tensor.contents.withBlock(block) { bytes, first in
          unsafe kernels.pack(
            BytePacking(
              values: bytes.bindMemory(to: Int8.self).baseAddress!, first: first, count: bytes.count,
              depth: shape.channels, columns: columns,
              panels: base.part(from: offset, count: panels * shape.panelWords).writing(panels * shape.panelWords),
              words: shape.depth,
              arithmetic: shape.arithmetic, channels: channels))
        }
      }
    }
    // Sums start from zeros where nothing was added.
    guard shape.arithmetic == .int8, !isPositive else { return weights }
    lastJobs.append { [kernels, panelWidth] base in
      unsafe kernels.sumColumns(
        ColumnStarts(
          columnPanels: (base + offset).reading(panels * shape.panelWords), depth: shape.depth, panels: panels,
          starts: (base + weights.starts).rebound(to: Int32.self).writing(panels * panelWidth)))
    }
    return weights
  }

  /// The same as integers of 16 bits, whose scales are those of whole columns.
  private mutating func addShorts(
    _ tensor: Tensor, _ shape: ProductShape, columns: Int, panels offset: Int
  ) -> ColumnWeights {
    let panels = (columns + panelWidth - 1) / panelWidth
    // Sums start from zeros.
    let weights = ColumnWeights(
      panels: offset, scales: reserve(panels * panelWidth), starts: reserve(panels * panelWidth))
    let scale = paddedScale(of: tensor, columns)
    jobs.append { [kernels, panelWidth] base in
      let panels = unsafe (base + weights.panels).writing(panels * shape.panelWords)
      let columnScales = unsafe (base + weights.scales).writing(scale.count)
      var sizes = [Float](repeating: 0, count: scale.count)
      try unsafe tensor.contents.withBytes { bytes in
        let group = panelWidth * columns
        unsafe tensor.withFloats(of: bytes, groupsOf: group) { floats, _ in
          unsafe kernels.measure(
            ColumnSizes(
              values: floats.baseAddress!, rows: floats.count / columns, columns: columns, scale: scale, sizes: &sizes))
        }
        unsafe tensor.withFloats(of: bytes, groupsOf: group) { floats, first in
          unsafe kernels.pack(
            ShortPacking(
              values: floats.baseAddress!, first: first / columns, rows: floats.count / columns,
              channels: shape.channels, columns: columns, scale: scale, sizes: sizes, panels: panels,
              columnScales: columnScales))
        }
      }
    }
    return weights
  }

  /// The same for the words of an image's rows (see `ImageWords`): a window's row of an odd number of values has one more,
  /// whose weights are zero, and words have neighbouring values, where packing puts together those that are further
  /// apart.
  ///
  /// - Parameter rows: Of the window, whose words `shape` counts.
  mutating func addImage(_ tensor: Tensor, _ shape: ProductShape, rows: Int, columns: Int) -> ColumnWeights {
    let panels = (columns + panelWidth - 1) / panelWidth
    let offset = reserve(panels * shape.panelWords)
    let weights = ColumnWeights(
      panels: offset, scales: reserve(panels * panelWidth), starts: reserve(panels * panelWidth))
    let scale = paddedScale(of: tensor, columns)
    let rowValues = tensor.elementCount / columns / rows
    jobs.append { [kernels, panelWidth] base in
      let width = kernels.vectorWidth
      var placed = [Float](repeating: 0, count: shape.channels * columns)
      try unsafe tensor.withFloats { floats in
        for row in 0..<rows {
          for value in 0..<rowValues {
            let word = row * (shape.depth / rows) + value / 2
            let start = word / width * 2 * width
            let apart = min(width, (shape.channels - start) / 2)
            let channel = start + word % width + value % 2 * apart
            for column in 0..<columns {
              unsafe placed[channel * columns + column] = floats[(row * rowValues + value) * columns + column]
            }
          }
        }
      }
      var sizes = [Float](repeating: 0, count: scale.count)
      unsafe kernels.measure(
        ColumnSizes(values: placed, rows: shape.channels, columns: columns, scale: scale, sizes: &sizes))
      unsafe kernels.pack(
        ShortPacking(
          values: placed, first: 0, rows: shape.channels, channels: shape.channels, columns: columns, scale: scale,
          sizes: sizes, panels: (base + weights.panels).writing(panels * shape.panelWords),
          columnScales: (base + weights.scales).writing(panels * panelWidth)))
    }
    return weights
  }

  /// The kernel of a convolution of taps x (channels / groups) x columns. Each column panel is multiplied by the
  /// channels of the groups that its columns belong to; the weights of other groups are zero.
  ///
  /// - Parameter arithmetic: `float32` where there are several groups.
  mutating func addGroupedColumns(
    _ tensor: Tensor, _ arithmetic: Arithmetic, taps: Int, channels: Int, groups: Int, columns: Int,
    input: MapElementType, bands: RowBands?
  ) -> [Slice] {
    let panels = (columns + panelWidth - 1) / panelWidth
    if groups == 1 {
      let shape = ProductShape(
        arithmetic, taps: taps, channels: channels, input: input, kernels: kernels, closesTail: taps == 1,
        hasBands: bands != nil)
      let weights = addColumns(
        tensor, shape, columns: columns, channels: channels, isPositive: bands?.isPositive ?? false)
      return [Slice(channels: 0..<channels, panels: 0..<panels, shape: shape, weights: weights)]
    }
    let inputs = channels / groups
    let outputs = columns / groups
    let slices = (0..<panels).map { panel in
      let mine = panel * panelWidth..<min((panel + 1) * panelWidth, columns)
      let range = mine.lowerBound / outputs * inputs..<((mine.upperBound - 1) / outputs + 1) * inputs
      let shape = ProductShape(arithmetic, taps: taps, channels: range.count, input: input, kernels: kernels)
      let offset = reserve(shape.panelWords)
      return Slice(
        channels: range, panels: panel..<panel + 1, shape: shape,
        weights: ColumnWeights(panels: offset - panel * shape.panelWords))
    }
    jobs.append { [panelWidth] base in
      // Read once for all panels.
      let values = try tensor.values()
      for (panel, slice) in slices.enumerated() {
        let words = slice.shape.panelWords
        let packed = base.part(from: slice.weights.panels + panel * words, count: words)
        let mine = panel * panelWidth..<min((panel + 1) * panelWidth, columns)
        for tap in 0..<taps {
          for input in 0..<inputs {
            for column in mine {
              let channel = column / outputs * inputs - slice.channels.lowerBound + input
              packed[(tap * slice.channels.count + channel) * panelWidth + column - mine.lowerBound] =
                values[(tap * inputs + input) * columns + column]
            }
          }
        }
      }
    }
    return slices
  }

  /// The kernel of a convolution of 1 x 7 or 7 x 1, transformed, for products of floats.
  mutating func addWinogradLine(_ tensor: Tensor, _ shape: ProductShape, columns: Int) -> ColumnWeights {
    let count = (columns + panelWidth - 1) / panelWidth * 8 * shape.panelWords
    let weights = ColumnWeights(panels: reserve(count))
    let scale = paddedScale(of: tensor, columns)
    jobs.append { [kernels, weights] base in
      try unsafe tensor.withFloats { floats in
        unsafe scale.withUnsafeBufferPointer { scale in
          unsafe kernels.pack(
            WinogradLinePacking(
              values: floats.baseAddress!, channels: shape.channels, columns: columns, scale: scale.baseAddress!,
              panels: (base + weights.panels).writing(count)))
        }
      }
    }
    return weights
  }

  /// The kernel of a convolution of 3 x 3 or 5 x 5, transformed, for products of a shape.
  mutating func addWinograd(
    _ tensor: Tensor, _ shape: ProductShape, _ tiling: WinogradTiling, columns: Int
  ) -> ColumnWeights {
    let panels = (columns + panelWidth - 1) / panelWidth
    let points = tiling.points
    let count = panels * points * shape.panelWords
    let scaleCount = shape.isInteger ? panels * points * panelWidth : 0
    var weights = ColumnWeights(panels: reserve(count), scales: reserve(scaleCount))
    switch shape.arithmetic {
    case .int8: weights.starts = reserve(panels * points * panelWidth)
    // The sums start from zeros, the same for all panels.
    case .int16: weights.starts = reserve(points * panelWidth)
    default: break
    }
    let kernel = WinogradKernel(
      tensor: tensor, columns: columns, scale: paddedScale(of: tensor, columns), shape: shape, tiling: tiling,
      weights: weights, kernels: kernels)
    jobs.append { base in try kernel.pack(into: base) }
    return weights
  }

  /// A depthwise kernel of taps x channels and its bias: `[vector][bias, taps][vectorWidth]`.
  mutating func addDepthwise(_ tensor: Tensor, _ bias: Tensor?, taps: Int, channels: Int) -> Int {
    let width = kernels.vectorWidth
    let vectors = (channels + panelWidth - 1) / panelWidth * 2
    let count = vectors * (1 + taps) * width
    let offset = reserve(count)
    jobs.append { base in
      let packed = base.part(from: offset, count: count)
      let values = try tensor.values()
      let start = try bias?.values()
      for channel in 0..<channels {
        let place = packed + (channel / width * (1 + taps) * width + channel % width)
        place[0] = start?[channel] ?? 0
        for tap in 0..<taps { place[(1 + tap) * width] = values[tap * channels + channel] }
      }
    }
    return offset
  }

  /// A value for each column, zero without a tensor, padded to whole panels.
  mutating func addBias(_ tensor: Tensor?, count: Int) -> Int {
    let offset = reserve((count + panelWidth - 1) / panelWidth * panelWidth)
    if let tensor {
      jobs.append { base in base.part(from: offset, count: count).update(from: try tensor.values()) }
    }
    return offset
  }

  /// All values of a tensor, in their order.
  mutating func addValues(_ tensor: Tensor) -> Int {
    let offset = reserve(tensor.elementCount)
    jobs.append { base in base.part(from: offset, count: tensor.elementCount).update(from: try tensor.values()) }
    return offset
  }

  /// The values of a constant, laid out as a map.
  mutating func addMap(_ tensor: Tensor, _ map: FeatureMap) -> Int {
    // Whole vectors are read at the end of the last row.
    let offset = reserve(map.wordCount + panelWidth)
    jobs.append { [kernels] base in
      let packed = base.part(from: offset, count: map.wordCount)
      let values = try tensor.values()
      for pixel in 0..<map.pixels {
        let (y, x) = pixel.quotientAndRemainder(dividingBy: map.width)
        let words = packed + (y * map.rowStride + (map.left + x) * map.pixelStride)
        let channels = Array(values[pixel * map.channels..<(pixel + 1) * map.channels])
        switch map.element {
        case .float32: words.update(from: channels)
        case .bfloat16: unsafe kernels.pack(channels, to: words.writing(map.pixelStride), channels: map.channels)
        }
      }
    }
    return offset
  }

  /// A batch normalization as a factor and a term for each channel.
  mutating func addNormalization(
    _ normalization: BatchNormalization, _ parameters: [Tensor], channels: Int
  ) -> (scale: Int, shift: Int) {
    let scale = addBias(nil, count: channels)
    let shift = addBias(nil, count: channels)
    jobs.append { base in
      let affine = ChannelAffine(normalization, try parameters.map { try $0.values() })
      for channel in 0..<channels {
        base[scale + channel] = Float(affine.factors[channel])
        base[shift + channel] = Float(affine.offsets[channel])
      }
    }
    return (scale, shift)
  }

  /// Runs the jobs, in order but several at a time, until one fails.
  ///
  /// - Throws: The first failure.
  func pack(into base: BoundedPointer<Float>, pool: WorkerPool) throws {
    try Self.run(jobs, on: base, pool: pool)
    try Self.run(lastJobs, on: base, pool: pool)
  }

  private static func run(
    _ jobs: [@Sendable (BoundedPointer<Float>) throws -> Void], on base: BoundedPointer<Float>,
    pool: WorkerPool
  ) throws {
    let failure = Lock<(any Error)?>(nil)
    let next = Atomic<Int>(0)
    pool.run { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < jobs.count else { return }
        do {
          try jobs[index](base)
        } catch {
          failure.withLock { $0 = $0 ?? error }
          next.store(jobs.count, ordering: .relaxed)
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func paddedScale(of tensor: Tensor, _ columns: Int) -> [Float] {
    let padded = (columns + panelWidth - 1) / panelWidth * panelWidth
    let scale = tensor.scale ?? [Float](repeating: 1, count: columns)
    return scale + [Float](repeating: 0, count: padded - columns)
  }
}

extension Tensor {
  /// Calls `body` with the unscaled values of one block, a run at a time, and the index of the first of each.
  ///
  /// Floats are not copied, and are one run. Other types are converted in runs that end where whole groups of values do,
  /// so that the floats stay in a second-level cache.
  fileprivate func withFloats(
    inBlock block: Int, groupsOf group: Int, _ body: (_ floats: UnsafeBufferPointer<Float>, _ first: Int) -> Void
  ) throws {
    try unsafe contents.withBlock(block) { bytes, offset in
      unsafe withFloats(of: bytes, from: offset / elementType.byteCount, groupsOf: group, body)
    }
  }

  /// The same with those of some bytes, of which the first value's index is given.
  fileprivate func withFloats(
    of bytes: UnsafeRawBufferPointer, from offset: Int = 0, groupsOf group: Int,
    _ body: (_ floats: UnsafeBufferPointer<Float>, _ first: Int) -> Void
  ) {
    if let floats = unsafe floatsInPlace(bytes) { return unsafe body(floats, offset) }
    let size = elementType.byteCount
    let values = offset..<offset + bytes.count / size
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: min(group, values.count)) { floats in
      var first = values.lowerBound
      while first < values.upperBound {
        let end = min((first / group + 1) * group, values.upperBound)
        let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[(first - offset) * size..<(end - offset) * size])
        unsafe elementType.convert(part, to: floats.baseAddress!)
        unsafe body(UnsafeBufferPointer(rebasing: floats[..<(end - first)]), first)
        first = end
      }
    }
  }

  /// Calls `body` with all unscaled values.
  fileprivate func withFloats(_ body: (UnsafeBufferPointer<Float>) -> Void) throws {
    try unsafe contents.withBytes { bytes in
      if let floats = unsafe floatsInPlace(bytes) { return unsafe body(floats) }
      let count = bytes.count / elementType.byteCount
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { floats in
        unsafe elementType.convert(bytes, to: floats.baseAddress!)
        unsafe body(UnsafeBufferPointer(floats))
      }
    }
  }

  private func floatsInPlace(_ bytes: UnsafeRawBufferPointer) -> UnsafeBufferPointer<Float>? {
    guard elementType == .float32, isLittleEndian,
      UInt(bitPattern: bytes.baseAddress) % UInt(MemoryLayout<Float>.alignment) == 0
    else { return nil }
    return unsafe bytes.assumingMemoryBound(to: Float.self)
  }
}

/// Whether numbers are stored in memory as they are in a file.
private let isLittleEndian = 1.littleEndian == 1
