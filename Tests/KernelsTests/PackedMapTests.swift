import Kernels
import Runtime
import Testing

/// Kernels on packed maps, against the same kernels on maps of floats with the same values.
@Suite struct PackedMapTests {
  @Test(arguments: InstructionSet.supported, [1, 3, 4, 5, 8, 15, 16, 17, 31, 32, 33, 48, 64, 70])
  func `Windows of packed pixels become lines and segments of floats`(set: InstructionSet, channels: Int) throws {
    let kernels = set.kernels
    let width = kernels.vectorWidth
    var random = RandomValues(seed: channels)
    for (height, across, step) in [(1, 1, 1), (3, 3, 1), (2, 3, 2)] {
      let pixels = kernels.tileRows(.float32) + 3
      let panels = (channels + kernels.panelWidth - 1) / kernels.panelWidth
      let rows = try MapRows(kernels, rows: height, pixels: (pixels - 1) * step + across, panels: panels, &random)
      let depth = height * across * channels
      let segments = (depth + width - 1) / width
      let expected = (0..<pixels).map { pixel in
        (0..<height).flatMap { y in
          (0..<across).flatMap { x -> [Float] in
            let start = (y * rows.rowPixels + pixel * step + x) * rows.channels
            return Array(rows.floats.values[start..<start + channels])
          }
        }
      }
      for (rectifies, segmentStride) in [(false, width), (true, width), (true, pixels * width)] {
        // Lines, or a row panel of one tile.
        let isLines = segmentStride == width
        let slots = (0..<pixels).map { isLines ? $0 * segments * width : $0 * width }
        let found = try GuardedFloats(count: pixels * segments * width)
        let line = try GuardedFloats(count: kernels.tileRows(.float32) * (depth + width))
        unsafe kernels.gather(
          GatherRun(
            inputs: rows.pointers(.bfloat16), inputRows: height, step: step * rows.stride(.bfloat16), pieces: across,
            pieceStride: rows.stride(.bfloat16), length: rows.stride(.bfloat16),
            inputActivation: rectifies ? .relu : .identity,
            rowPanel: found.start, slots: kept(slots), segmentStride: segmentStride, pixels: pixels, line: line.start,
            inputElement: .bfloat16, channels: channels))
        let values = found.values
        for pixel in 0..<pixels {
          let gathered = (0..<depth).map { values[slots[pixel] + $0 / width * segmentStride + $0 % width] }
          #expect(gathered == expected[pixel].map { rectifies ? max($0, 0) : $0 })
        }
        #expect(values.allSatisfy { $0.isFinite })
      }
    }
  }

  @Test(arguments: InstructionSet.supported, [false, true])
  func `Windows of packed pixels are copied as they are`(set: InstructionSet, rectifies: Bool) throws {
    let kernels = set.kernels
    let width = kernels.vectorWidth
    let layout = PackedLayout(width: width)
    var random = RandomValues(seed: 5)
    for (across, panels) in [(1, 1), (3, 1), (3, 2)] {
      let pixels = 5
      let rows = try MapRows(kernels, rows: 2, pixels: pixels + across - 1, panels: panels, &random)
      let words = across * rows.stride(.bfloat16)
      let found = try GuardedFloats(count: pixels * 2 * words)
      let line = try GuardedFloats(count: 1)
      let slots = (0..<pixels).map { $0 * width }
      unsafe kernels.gather(
        GatherRun(
          inputs: rows.pointers(.bfloat16), inputRows: 2, step: rows.stride(.bfloat16), pieces: 1, pieceStride: 0,
          length: words, inputActivation: rectifies ? .relu : .identity,
          rowPanel: found.start, slots: kept(slots),
          segmentStride: pixels * width, pixels: pixels, line: unsafe line.start, inputElement: .bfloat16,
          outputElement: .bfloat16))
      let map = rows.floats.values
      for pixel in 0..<pixels {
        let segments = (0..<2 * words / width).flatMap { segment in
          let start = (segment * pixels + pixel) * width
          return Array(found.values[start..<start + width])
        }
        let expected = (0..<2).flatMap { y -> [Float] in
          let start = (y * rows.rowPixels + pixel) * rows.channels
          return map[start..<start + 2 * words].map { rectifies ? max($0, 0) : $0 }
        }
        #expect(layout.values(segments) == expected)
      }
    }
  }

  @Test(arguments: InstructionSet.supported.filter { $0.kernels.isNative(.bfloat16) }, [false, true])
  func `The last channels of gathered pixels can lie closer`(set: InstructionSet, rectifies: Bool) throws {
    let kernels = set.kernels
    let (width, group) = (kernels.vectorWidth, kernels.panelWidth)
    let pixels = 5
    var random = RandomValues(seed: 14)
    for (panels, tail) in (1...3).flatMap({ panels in (1...width).map { (panels, $0) } }) + [(10, 3)] {
      let rows = try MapRows(kernels, rows: 1, pixels: pixels, panels: panels, &random)
      func gathered(_ tailWords: Int) throws -> [UInt32] {
        let found = try GuardedFloats(count: pixels * rows.stride(.bfloat16))
        let line = try GuardedFloats(count: 1)
        let slots = (0..<pixels).map { $0 * width }
        unsafe kernels.gather(
          GatherRun(
            inputs: rows.pointers(.bfloat16), inputRows: 1, step: rows.stride(.bfloat16), pieces: 1, pieceStride: 0,
            length: rows.stride(.bfloat16), inputActivation: rectifies ? .relu : .identity,
            rowPanel: found.start, slots: kept(slots), segmentStride: pixels * width,
            pixels: pixels, line: unsafe line.start, inputElement: .bfloat16, outputElement: .bfloat16,
            tailWords: tailWords))
        return found.bits
      }
      let (whole, closer) = (try gathered(0), try gathered(tail))
      let last = (panels - 1) * pixels * width
      #expect(closer[..<last] == whole[..<last])
      for pixel in 0..<pixels {
        let words = whole[last + pixel * width..<last + (pixel + 1) * width]
        let values = (0..<group).map { index in
          let word = words[words.startIndex + index % width]
          return index < width ? word & 0xffff : word >> 16
        }
        let expected = (0..<tail).map { values[$0] | values[tail + $0] << 16 }
        #expect(closer[last + pixel * width..<last + pixel * width + tail].elementsEqual(expected))
      }
    }
  }

  @Test(arguments: InstructionSet.supported, [true, false])
  func `Pools of packed values are those of floats, rounded`(set: InstructionSet, isMaximum: Bool) throws {
    let kernels = set.kernels
    let layout = PackedLayout(width: kernels.vectorWidth)
    var random = RandomValues(seed: 7)
    for _ in 0..<40 {
      let inputWidth = random.count(1...9)
      let rows = try MapRows(
        kernels, rows: random.count(1...3), pixels: inputWidth, panels: random.count(1...2), &random)
      let padding = random.count(0...1)
      let stride = random.count(1...2)
      let windowWidth = random.count(1...2) + padding
      let dilation = random.count(1...2)
      // Windows that start at the last pixel at the latest have a pixel inside.
      let pixels = (inputWidth - 1 + padding) / stride + 1
      guard windowWidth > padding else { continue }
      let weights = try GuardedFloats(random.floats(2 * rows.channels))
      let normalization = unsafe PoolNormalization(weights: weights.start, activation: .relu)
      let activation = [Activation.identity, .clip(minimum: -0.5, maximum: 0.5)][random.count(0...1)]
      let isNormalized = random.count(0...1) == 1 && !isMaximum
      func pool(_ element: MapElementType) throws -> [Float] {
        let found = try GuardedFloats(count: pixels * rows.stride(element))
        let inputs = unsafe rows.pointers(element)
        let run = unsafe PoolRun(
          inputs: inputs, inputRows: rows.count, inputWidth: inputWidth, pixelStride: rows.stride(element),
          windowWidth: windowWidth + 1, stride: stride, dilation: dilation, paddingLeft: padding, divisor: nil,
          output: found.start, outputPixelStride: rows.stride(element), pixels: pixels,
          vectors: rows.stride(element) / kernels.vectorWidth, element: element,
          normalization: isNormalized ? normalization : nil, activation: activation)
        if isMaximum { kernels.maximumPool(run) } else { kernels.averagePool(run) }
        return found.values
      }
      let expected = try layout.words(pool(.float32))
      #expect(try pool(.bfloat16).map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  @Test(arguments: InstructionSet.supported, [true, false])
  func `Values of each channel of packed maps are those of floats`(set: InstructionSet, isMaximum: Bool) throws {
    let kernels = set.kernels
    var random = RandomValues(seed: 8)
    for panels in 1...3 {
      let rows = try MapRows(kernels, rows: 4, pixels: 5, panels: panels, &random)
      func pooled(_ element: MapElementType, _ output: MapElementType) throws -> [Float] {
        let found = try GuardedFloats(count: rows.stride(output))
        // A packed output of floats is what counts.
        let vectors = min(rows.stride(element), rows.stride(output)) / kernels.vectorWidth
        for part in [0..<1, 1..<vectors] where !part.isEmpty {
          unsafe kernels.globalPool(
            GlobalPoolRun(
              isMaximum: isMaximum, input: rows.pointers(element)[0], height: 4, width: 5,
              rowStride: 5 * rows.stride(element), pixelStride: rows.stride(element), vectors: part,
              output: found.start,
              element: element, outputElement: output))
        }
        return found.values
      }
      let expected = try pooled(.float32, .float32)
      #expect(try pooled(.bfloat16, .float32) == expected)
      let words = PackedLayout(width: kernels.vectorWidth).words(expected)
      #expect(try pooled(.bfloat16, .bfloat16).map(\.bitPattern) == words.map(\.bitPattern))
      #expect(try pooled(.float32, .bfloat16).map(\.bitPattern) == words.map(\.bitPattern))
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `Functions, sums and scales of packed values are those of floats, rounded`(set: InstructionSet) throws {
    let kernels = set.kernels
    let layout = PackedLayout(width: kernels.vectorWidth)
    var random = RandomValues(seed: 9)
    let rows = try MapRows(kernels, rows: 2, pixels: 3, panels: 2, &random)
    let scale = random.floats(rows.channels)
    let shift = random.floats(rows.channels)
    func expectEqual(_ body: (ElementwiseRun, UnsafePointer<Float>) -> Void) throws {
      func results(_ element: MapElementType) throws -> [Float] {
        let pointers = unsafe rows.pointers(element)
        let found = try GuardedFloats(count: 3 * rows.stride(element))
        unsafe body(
          ElementwiseRun(input: pointers[0], output: found.start, count: found.count, element: element), pointers[1])
        return found.values
      }
      // Where the processor itself rounds to bf16, denormals become zero.
      func normal(_ words: [Float]) -> [Float] { layout.values(words).map { $0.isSubnormal ? 0 : $0 } }
      let expected = try normal(layout.words(results(.float32)))
      let found = try normal(results(.bfloat16))
      #expect(found == expected)
    }
    for activation in Activation.examples where activation.isDefinedBelowZero {
      try unsafe expectEqual { line, _ in kernels.activate(line, activation) }
    }
    try unsafe expectEqual { unsafe kernels.add($0, $1) }
    try unsafe expectEqual { line, _ in unsafe kernels.parametricRelu(line, slopes: scale, channels: rows.channels) }
    for function in Binary.allCases where function != .quotient {
      for isRepeated in [false, true] {
        try unsafe expectEqual { line, other in
          let words = rows.stride(line.element)
          unsafe kernels.combine(
            BinaryRun(
              function, first: BinaryRun.Side(line.input, stride: words, element: line.element),
              second: isRepeated
                ? BinaryRun.Side(kept(scale), stride: 0, element: .float32)
                : BinaryRun.Side(other, stride: words, element: line.element),
              output: line.output, element: line.element, words: words, pixels: line.count / words))
        }
      }
    }
    try unsafe expectEqual { line, _ in
      unsafe kernels.normalize(line, scale: scale, shift: shift, channels: rows.channels)
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `Winograd's transforms of packed values are those of floats`(set: InstructionSet) throws {
    let kernels = set.kernels
    let width = kernels.vectorWidth
    var random = RandomValues(seed: 10)
    for (windows, panels) in [(1, 1), (3, 2)] {
      let vectors = 2 * panels
      let rows = try MapRows(kernels, rows: 6, pixels: 4 * windows + 2, panels: panels, &random)
      func transformed(_ element: MapElementType) throws -> [UInt32] {
        let tileRows = kernels.tileRows(.float32)
        let found = try GuardedFloats(count: 36 * vectors * tileRows * width)
        unsafe kernels.transformInput(
          WinogradInput(
            inputs: rows.pointers(element), pixelStride: rows.stride(element), vectors: vectors, windows: windows,
            output: found.start, pointStride: vectors * tileRows * width, windowStride: width,
            vectorStride: tileRows * width, element: element))
        return found.bits
      }
      let expectedRows = try transformed(.float32)
      #expect(try transformed(.bfloat16) == expectedRows)

      let sums = random.floats(windows * 36 * 2 * width)
      let bias = random.floats(2 * width)
      let pixels = 4 * windows - 1
      func output(_ element: MapElementType, _ activation: Activation) throws -> [Float] {
        let pixelStride = element == .float32 ? 2 * width : width
        let found = try GuardedFloats([Float](repeating: 0, count: 3 * pixels * pixelStride))
        unsafe kernels.transformOutput(
          WinogradOutput(
            sums: kept(sums), pointStride: windows * 2 * width, windowStride: 2 * width, bias: kept(bias),
            activation: activation,
            outputs: kept((0..<3).map { unsafe found.start + $0 * pixels * pixelStride }), rows: 3,
            pixelStride: pixelStride,
            windows: windows, pixels: pixels, element: element))
        return found.values
      }
      for activation: Activation in [.clip(minimum: -1, maximum: 3), .silu] {
        let layout = PackedLayout(width: width)
        let expected = try layout.words(output(.float32, activation))
        #expect(try output(.bfloat16, activation).map(\.bitPattern) == expected.map(\.bitPattern))
      }
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `A pixel is packed and unpacked, and nothing beside it touched`(set: InstructionSet) throws {
    let kernels = set.kernels
    let layout = PackedLayout(width: kernels.vectorWidth)
    var random = RandomValues(seed: 11)
    for channels in 1...4 * kernels.panelWidth + 1 {
      let padded = (channels + kernels.panelWidth - 1) / kernels.panelWidth * kernels.panelWidth
      let values = random.floats(channels)
      let input = try GuardedFloats(values)
      let words = try GuardedFloats(count: padded / 2)
      unsafe kernels.pack(input.start, to: words.start, channels: channels)
      let expected = layout.words(values + [Float](repeating: 0, count: padded - channels))
      #expect(words.bits == expected.map(\.bitPattern))
      let output = try GuardedFloats(count: channels)
      unsafe kernels.unpack(words.start, to: output.start, channels: channels)
      #expect(output.values == Array(layout.values(expected)[..<channels]))
    }
  }

  /// Halves between two bf16 values, the largest float, infinities and NaNs whose payload is in the lower half only.
  @Test(arguments: InstructionSet.supported)
  func `Rounding is to nearest even, and a NaN stays one`(set: InstructionSet) throws {
    let kernels = set.kernels
    let patterns: [UInt32] = [
      0, 0x8000_0000, 0x3f80_0000, 0x3f80_8000, 0x3f81_8000, 0x3f80_7fff, 0x3f80_8001, 0xbf80_8000, 0xbf81_8000,
      0x7f7f_7fff, 0x7f7f_8000, 0x7f7f_ffff, 0xff7f_ffff, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0xffc0_0000,
      0x7f80_0001, 0xff80_0001, 0x7fff_ffff, 0xffff_ffff,
    ]
    let group = kernels.panelWidth
    for first in patterns.indices {
      let values = (0..<group).map { Float(bitPattern: patterns[(first + $0) % patterns.count]) }
      let words = try GuardedFloats(count: group / 2)
      unsafe values.withUnsafeBufferPointer { unsafe kernels.pack($0.baseAddress!, to: words.start, channels: group) }
      let found = PackedLayout(width: kernels.vectorWidth).values(words.values)
      for (found, value) in zip(found, values) {
        let expected = UInt32(PackedLayout.rounded(value)) << 16
        #expect(value.isNaN ? found.isNaN : found.bitPattern == expected)
      }
    }
  }
}
