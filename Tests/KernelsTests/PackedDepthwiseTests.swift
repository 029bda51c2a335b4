import Kernels
import Runtime
import Testing

/// The depthwise kernels on packed maps, against the same kernels on maps of floats with the same values.
@Suite struct PackedDepthwiseTests {
  private static var windows: [DepthwiseWindow] {
    [
      DepthwiseWindow(height: 3, width: 3, stride: 1, dilation: 1),
      DepthwiseWindow(height: 3, width: 3, stride: 2, dilation: 1),
      DepthwiseWindow(height: 3, width: 3, stride: 1, dilation: 2),
      DepthwiseWindow(height: 1, width: 4, stride: 1, dilation: 1),
      DepthwiseWindow(height: 5, width: 2, stride: 3, dilation: 2),
      DepthwiseWindow(height: 5, width: 5, stride: 2, dilation: 1),
    ]
  }

  @Test(arguments: InstructionSet.supported, 0..<6)
  func `Depthwise sums of packed values are those of floats`(set: InstructionSet, window: Int) throws {
    let kernels = set.kernels
    let window = Self.windows[window]
    var random = RandomValues(seed: 1)
    for pixels in 1...16 {
      for rectifies in [false, true] {
        let panels = random.count(1...3)
        let rows = try MapRows(
          kernels, rows: window.height,
          pixels: (pixels - 1) * window.stride + (window.width - 1) * window.dilation + 1, panels: panels, &random)
        let taps = 1 + window.height * window.width
        let weights = try GuardedFloats(random.floats(rows.channels * taps))
        func sums(_ input: MapElementType, _ output: MapElementType) throws -> [Float] {
          let width = kernels.vectorWidth
          let found = try GuardedFloats(count: pixels * rows.stride(output))
          let slots = (0..<pixels).map { $0 * rows.stride(output) }
          for vectors in [0..<2, 2..<2 * panels] where !vectors.isEmpty {
            unsafe kernels.depthwise(
              DepthwiseRun(
                inputs: rows.pointers(input), pixelStride: rows.stride(input), ahead: 0, window: window,
                vectors: vectors, weights: weights.start, inputActivation: rectifies ? .relu : .identity,
                output: found.start, slots: kept(slots),
                vectorStride: width, pixels: pixels, inputElement: input, outputElement: output))
          }
          return found.values
        }
        let expected = try sums(.float32, .float32)
        #expect(try sums(.bfloat16, .float32) == expected)
        let rounded = PackedLayout(width: kernels.vectorWidth).words(expected).map(\.bitPattern)
        #expect(try sums(.bfloat16, .bfloat16).map(\.bitPattern) == rounded)
        #expect(try sums(.float32, .bfloat16).map(\.bitPattern) == rounded)
      }
    }
  }

  /// Through registers or through memory, an activation of the sums is what the same function makes of them afterwards.
  @Test(arguments: InstructionSet.supported, 0..<6)
  func `Depthwise sums are activated before they are stored`(set: InstructionSet, window: Int) throws {
    let kernels = set.kernels
    let window = Self.windows[window]
    let layout = PackedLayout(width: kernels.vectorWidth)
    var random = RandomValues(seed: 13)
    for (pixels, panels) in [(1, 1), (6, 2), (7, 5), (17, 3)] {
      let rows = try MapRows(
        kernels, rows: window.height,
        pixels: (pixels - 1) * window.stride + (window.width - 1) * window.dilation + 1, panels: panels, &random)
      let weights = try GuardedFloats(random.floats(rows.channels * (1 + window.height * window.width)))
      for inputActivation in [Activation.identity, .relu] {
        for activation: Activation in [.relu6, .clip(minimum: -1, maximum: 2), .hardSwish, .silu] {
          func sums(_ input: MapElementType, _ output: MapElementType, _ activation: Activation) throws -> [Float] {
            let found = try GuardedFloats(count: pixels * rows.stride(output))
            let slots = (0..<pixels).map { $0 * rows.stride(output) }
            for vectors in [0..<2, 2..<2 * panels] where !vectors.isEmpty {
              unsafe kernels.depthwise(
                DepthwiseRun(
                  inputs: rows.pointers(input), pixelStride: rows.stride(input), ahead: 0, window: window,
                  vectors: vectors, weights: weights.start, inputActivation: inputActivation, activation: activation,
                  output: found.start, slots: kept(slots), vectorStride: kernels.vectorWidth, pixels: pixels,
                  inputElement: input, outputElement: output))
            }
            return found.values
          }
          let plain = try GuardedFloats(sums(.float32, .float32, .identity))
          unsafe kernels.activate(
            ElementwiseRun(input: plain.start, output: plain.start, count: plain.count), activation)
          let expected = plain.values
          let words = layout.words(expected).map(\.bitPattern)
          #expect(try sums(.float32, .float32, activation) == expected)
          #expect(try sums(.bfloat16, .float32, activation) == expected)
          #expect(try sums(.float32, .bfloat16, activation).map(\.bitPattern) == words)
          #expect(try sums(.bfloat16, .bfloat16, activation).map(\.bitPattern) == words)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.supported.filter { $0.kernels.isNative(.bfloat16) }, 0..<6)
  func `The last channels of packed sums can lie closer`(set: InstructionSet, window: Int) throws {
    let kernels = set.kernels
    let window = Self.windows[window]
    let (width, group) = (kernels.vectorWidth, kernels.panelWidth)
    var random = RandomValues(seed: 12)
    for tail in 1...width {
      let rows = try MapRows(
        kernels, rows: window.height, pixels: (window.width - 1) * window.dilation + 1, panels: 2, &random)
      let weights = try GuardedFloats(random.floats(rows.channels * (1 + window.height * window.width)))
      func words(_ tailWords: Int) throws -> [UInt32] {
        let found = try GuardedFloats(count: rows.stride(.bfloat16))
        unsafe kernels.depthwise(
          DepthwiseRun(
            inputs: rows.pointers(.bfloat16), pixelStride: rows.stride(.bfloat16), ahead: 0, window: window,
            vectors: 0..<4, weights: weights.start, output: found.start, slots: kept([0]),
            vectorStride: width, pixels: 1, inputElement: .bfloat16, outputElement: .bfloat16, tailWords: tailWords))
        return found.bits
      }
      let whole = try words(0)
      let values = (0..<group).map { $0 < width ? whole[width + $0] & 0xffff : whole[$0] >> 16 }
      let closer = try words(tail)
      #expect(closer[..<width] == whole[..<width])
      #expect(closer[width..<width + tail].elementsEqual((0..<tail).map { values[$0] | values[tail + $0] << 16 }))
    }
  }

  /// Rectifying keeps NaNs of both signs, as it does on floats.
  @Test(arguments: InstructionSet.supported)
  func `A packed NaN stays one behind a rectifier`(set: InstructionSet) throws {
    let kernels = set.kernels
    let group = kernels.panelWidth
    // One value in nine is odd; the others become zero.
    let odd: [Float] = [.nan, -.nan, .infinity, -.infinity, 1, -0.0, -1, -.nan]
    let values = (0..<9 * group).map { $0 / group == $0 % 9 ? odd[$0 % group % 8] : -.infinity }
    let words = try GuardedFloats(PackedLayout(width: kernels.vectorWidth).words(values))
    let weights = try GuardedFloats((0..<2 * 10 * kernels.vectorWidth).map { _ in 1 })
    let found = try GuardedFloats(count: group)
    unsafe kernels.depthwise(
      DepthwiseRun(
        inputs: kept((0..<3).map { unsafe UnsafePointer(words.start + $0 * 3 * group / 2) }), pixelStride: group / 2,
        ahead: 0,
        window: Self.windows[0], vectors: 0..<2, weights: unsafe weights.start, inputActivation: .relu,
        output: unsafe found.start, slots: kept([0]), vectorStride: kernels.vectorWidth, pixels: 1,
        inputElement: .bfloat16))
    for (channel, value) in found.values.enumerated() {
      let hits = (0..<9).filter { ($0 * group + channel) % 9 == $0 }.count
      let rectified = odd[channel % 8] < 0 ? 0 : odd[channel % 8]
      let expected = hits == 0 ? 1 : 1 + Float(hits) * rectified
      #expect(expected.isNaN ? value.isNaN : value == expected)
    }
  }
}
