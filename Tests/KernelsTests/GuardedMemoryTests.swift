import Kernels
import Runtime
import TestSupport
import Testing

/// Every kernel on memory of exactly the size that its documentation states, with nothing before it or nothing behind it:
/// one float too far would end the process.
@Suite("Kernels stay within their memory")
struct GuardedMemoryTests {
  typealias Edge = GuardedFloats.Edge

  private func random(_ count: Int, seed: Int = 1) -> [Float] {
    var weights = RandomWeights(seed: UInt64(seed), values: .integers)
    return weights.input(count: count)
  }

  @Test(arguments: InstructionSet.supported, Edge.allCases) func `products`(set: InstructionSet, edge: Edge) {
    let kernels = set.kernels
    let width = kernels.vectorWidth
    for rows in 1...(2 * kernels.tileRows + 1) {
      for depth in [1, width, 2 * width + 1] {
        let tiles = (rows + kernels.tileRows - 1) / kernels.tileRows
        let segments = (depth + width - 1) / width
        let tileStride = segments * kernels.tileRows * width
        let panel = GuardedFloats(random(tiles * tileStride), at: edge)
        let columns = GuardedFloats(random(2 * depth * kernels.panelWidth, seed: 2), at: edge)
        let bias = GuardedFloats(random(2 * kernels.panelWidth, seed: 3), at: edge)
        let output = GuardedFloats(count: rows * 2 * kernels.panelWidth, at: edge)
        let offsets = (0..<rows).map { $0 * 2 * kernels.panelWidth }
        offsets.withUnsafeBufferPointer { offsets in
          kernels.multiply(
            Product(
              rowPanel: panel.base, rowPanelStride: 0, rowCount: rows, tiles: 0..<tiles,
              segmentStride: kernels.tileRows * width, tileStride: tileStride, columnPanels: columns.base,
              depth: depth, panels: 0..<2, narrowPanel: -1, bias: bias.base, output: output.base,
              outputOffsets: offsets.baseAddress!, residual: nil, residualOffsets: offsets.baseAddress!,
              floor: -.infinity, ceiling: 9))
        }
        for row in 0..<rows {
          let tile = (0..<tiles).first { share($0, of: tiles, rows).contains(row) }!
          let place = row - share(tile, of: tiles, rows).lowerBound
          for column in 0..<2 * kernels.panelWidth {
            var sum = bias.floats[column]
            for k in 0..<depth {
              let word = panel.floats[
                tile * tileStride + k / width * kernels.tileRows * width + place * width + k % width]
              let (part, lane) = column.quotientAndRemainder(dividingBy: kernels.panelWidth)
              sum += word * columns.floats[(part * depth + k) * kernels.panelWidth + lane]
            }
            #expect(output.floats[offsets[row] + column] == min(sum, 9))
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.supported, Edge.allCases) func `depthwise sums`(set: InstructionSet, edge: Edge) {
    let kernels = set.kernels
    let width = kernels.vectorWidth
    let channels = 2 * width
    for (size, stride) in [(3, 1), (3, 2), (2, 1)] {
      for pixels in 1...15 {
        let inputPixels = (pixels - 1) * stride + size
        let rows = (0..<size).map { GuardedFloats(random(inputPixels * channels, seed: $0), at: edge) }
        let weights = GuardedFloats(random(2 * (1 + size * size) * width, seed: 9), at: edge)
        let output = GuardedFloats(count: pixels * channels, at: edge)
        let slots = (0..<pixels).map { $0 * channels }
        let inputs = rows.map { UnsafePointer($0.base) }
        inputs.withUnsafeBufferPointer { inputs in
          slots.withUnsafeBufferPointer { slots in
            kernels.depthwise(
              DepthwiseRun(
                inputs: inputs.baseAddress!, pixelStride: channels, ahead: 0,
                window: DepthwiseWindow(height: size, width: size, stride: stride, dilation: 1), vectors: 0..<2,
                weights: weights.base, rectifies: true, output: output.base, slots: slots.baseAddress!,
                vectorStride: width, pixels: pixels))
          }
        }
        for pixel in 0..<pixels {
          for channel in 0..<channels {
            let taps = channel / width * (1 + size * size) * width + channel % width
            var sum = weights.floats[taps]
            for y in 0..<size {
              for x in 0..<size {
                let value = rows[y].floats[(pixel * stride + x) * channels + channel]
                sum += max(value, 0) * weights.floats[taps + (1 + y * size + x) * width]
              }
            }
            #expect(output.floats[pixel * channels + channel] == sum)
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.supported, Edge.allCases) func `gathered windows`(set: InstructionSet, edge: Edge) {
    let kernels = set.kernels
    let width = kernels.vectorWidth
    // Three rows of three pixels of 5 channels each: uneven pieces, read with the excess of a vector.
    for pixels in 1...(kernels.tileRows) {
      let length = 15
      let read = (length + width - 1) / width * width
      let rows = (0..<3).map { GuardedFloats(random((pixels - 1) * 5 + read, seed: $0), at: edge) }
      let depth = 3 * length
      let segments = (depth + width - 1) / width
      let panel = GuardedFloats(count: segments * kernels.tileRows * width, at: edge)
      let line = GuardedFloats(count: (depth + width) * kernels.tileRows + width, at: edge)
      let slots = (0..<pixels).map { $0 * width }
      let inputs = rows.map { UnsafePointer($0.base) }
      inputs.withUnsafeBufferPointer { inputs in
        slots.withUnsafeBufferPointer { slots in
          kernels.gather(
            GatherRun(
              inputs: inputs.baseAddress!, inputRows: 3, step: 5, pieces: 1, pieceStride: 0, length: length,
              rectifies: false, rowPanel: panel.base, slots: slots.baseAddress!,
              segmentStride: kernels.tileRows * width, pixels: pixels, line: line.base))
        }
      }
      for pixel in 0..<pixels {
        for k in 0..<depth {
          let found = panel.floats[k / width * kernels.tileRows * width + pixel * width + k % width]
          #expect(found == rows[k / length].floats[pixel * 5 + k % length])
        }
      }
    }
  }

  @Test(arguments: InstructionSet.supported, Edge.allCases) func `pools, means and elementwise functions`(
    set: InstructionSet, edge: Edge
  ) {
    let kernels = set.kernels
    let channels = kernels.panelWidth
    let rows = (0..<3).map { GuardedFloats(random(7 * channels, seed: $0), at: edge) }
    let inputs = rows.map { UnsafePointer($0.base) }
    let pooled = GuardedFloats(count: 4 * channels, at: edge)
    inputs.withUnsafeBufferPointer { inputs in
      let run = PoolRun(
        inputs: inputs.baseAddress!, inputRows: 3, inputWidth: 7, pixelStride: channels, windowWidth: 3, stride: 2,
        dilation: 1, paddingLeft: 1, divisor: nil, output: pooled.base, outputPixelStride: channels, pixels: 4,
        vectors: 2)
      kernels.averagePool(run)
      kernels.maximumPool(run)
    }
    for pixel in 0..<4 {
      for channel in 0..<channels {
        let columns = max(2 * pixel - 1, 0)...min(2 * pixel + 1, 6)
        let expected = columns.flatMap { x in rows.map { $0.floats[x * channels + channel] } }.max()!
        #expect(pooled.floats[pixel * channels + channel] == expected)
      }
    }
    let line = Line(input: rows[0].base, output: rows[1].base, count: 7 * channels)
    kernels.activate(line, .clamp(floor: 0, ceiling: 2))
    #expect(zip(rows[0].floats, rows[1].floats).allSatisfy { min(max($0, 0), 2) == $1 })
    kernels.add(line, rows[2].base)
    #expect((0..<7 * channels).allSatisfy { rows[0].floats[$0] + rows[2].floats[$0] == rows[1].floats[$0] })
    let mean = GuardedFloats(count: channels, at: edge)
    kernels.mean(
      ChannelMean(
        input: rows[0].base, height: 1, width: 7, rowStride: 7 * channels, pixelStride: channels, vectors: 0..<2,
        output: mean.base))
    kernels.normalize(
      Line(input: rows[0].base, output: rows[0].base, count: 7 * channels), scale: mean.base, shift: mean.base,
      channels: channels)
    kernels.softmax(Line(input: rows[2].base, output: rows[2].base, count: 7 * channels))
    #expect(abs(rows[2].floats.reduce(0, +) - 1) < 1e-5)
  }
}
