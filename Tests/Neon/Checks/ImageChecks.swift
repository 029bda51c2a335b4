import CountedKernels
import Kernels

/// One row of a convolution of an image of three channels, every pixel or every second one of which has a window.
enum ImageChecks {
  static func run() {
    var random = RandomValues(seed: 37)
    for (height, width, columns) in [(3, 3, 32), (7, 7, 8), (3, 3, 4), (1, 5, 3), (5, 2, 21), (2, 4, 12)] {
      for pixels in [6, 7, 12, 17] {
        for step in ImageProduct.steps {
          let image = Image(height, width, pixels: pixels, step: step, columns, &random)
          for activation in [Activation.relu6, .identity] { image.expectIntegers(activation) }
          for activation in [Activation.relu, .hardSwish] { image.expectFloats(activation) }
        }
      }
    }
  }

  private struct Image {
    let height: Int
    let width: Int
    let pixels: Int
    let step: Int
    let columns: Int
    /// The image's rows that the windows cover, whose values bf16 has.
    let rows: [[Float]]
    /// `[y][x and channel][column]`
    let weights: [Float]
    let bias: [Float]

    init(_ height: Int, _ width: Int, pixels: Int, step: Int, _ columns: Int, _ random: inout RandomValues) {
      (self.height, self.width, self.pixels, self.step, self.columns) = (height, width, pixels, step, columns)
      let count = (pixels - 1) * step + width * 3
      rows = (0..<height).map { _ in random.representable(count) }
      weights = random.floats(height * width * 3 * columns)
      bias = random.floats(columns)
    }

    private func window(_ rows: [[Float]], _ pixel: Int) -> [Float] {
      rows.flatMap { $0[pixel * step..<pixel * step + width * 3] }
    }

    private func product(
      _ arithmetic: Arithmetic, _ packed: PackedColumns, _ inputs: [UnsafePointer<Float>], rowWords: Int,
      scales: UnsafePointer<Float>, _ activation: Activation
    ) -> [Float] {
      let panelWidth = CountedKernels.panelWidth
      let pixel = packed.panelCount * panelWidth
      let output = GuardedFloats(count: pixels * pixel)
      let offsets = kept((0..<pixels).map { $0 * pixel })
      let last = columns - (packed.panelCount - 1) * panelWidth
      CountedKernels.multiply(
        ImageProduct(
          inputs: kept(inputs), inputRows: height, step: step, rowWords: rowWords,
          wordStride: arithmetic == .int16 ? 2 : 1, scales: scales,
          product: Product(
            rowPanel: scales, rowPanelStride: 0, rowCount: pixels, tiles: 0..<0, segmentStride: 0, tileStride: 0,
            columnPanels: packed.panels.start, depth: height * rowWords, panels: 0..<packed.panelCount,
            narrowPanel: nil, singlePanel: last <= panelWidth / 2 ? packed.panelCount - 1 : nil,
            bias: packed.bias.start, output: output.start, outputOffsets: offsets, residual: nil,
            residualOffsets: offsets, activation: activation, arithmetic: arithmetic, columnScales: packed.scales.start,
            starts: kept([Int32](repeating: 0, count: pixel)))))
      let values = output.values
      return (0..<pixels).flatMap { values[$0 * pixel..<$0 * pixel + columns] }
    }

    func expectFloats(_ activation: Activation) {
      let memory = rows.map { GuardedFloats($0) }
      let found = product(
        .float32, PackedColumns(.float32, weights, bias: bias), memory.map { UnsafePointer($0.start) },
        rowWords: width * 3, scales: kept([]), activation)
      for pixel in 0..<pixels {
        let window = window(rows, pixel)
        for column in 0..<columns {
          var sum = PlainSum(bias[column])
          for (index, value) in window.enumerated() {
            sum.add(Double(value) * Double(weights[index * columns + column]))
          }
          sum.expect(found[pixel * columns + column], behind: activation, "image, \(height) x \(width)")
        }
      }
      withExtendedLifetime(memory) {}
    }

    /// Sums are whole, and become floats in one rounding: the values are those of plain loops bit for bit.
    func expectIntegers(_ activation: Activation) {
      let vector = CountedKernels.vectorWidth
      let rowWords = (width * 3 + 1) / 2
      let limit = Float(CountedKernels.shortLimit(channels: height * rowWords * 2))
      // What follows a row may be read, but counts for nothing.
      let memory = rows.map { GuardedFloats($0 + [Float](repeating: .nan, count: vector + 1)) }
      let stride = (rows[0].count + vector - 1) / vector * vector
      let words = GuardedFloats(count: height * stride)
      let scales = GuardedFloats(count: (CountedKernels.tileRows(.int16) + vector - 1) / vector * vector)
      CountedKernels.pack(
        ImageWords(
          inputs: kept(memory.map { UnsafePointer($0.start) }), rows: height, count: rows[0].count, limit: limit,
          words: words.start, wordStride: stride, scales: scales.start))
      let found = product(
        .int16, PackedColumns(.int16, paired(rowWords), bias: bias),
        (0..<height).map { UnsafePointer(words.start + $0 * stride) }, rowWords: rowWords, scales: scales.start,
        activation)
      let columns = (0..<columns).map { column in
        ShortRow((0..<height * width * 3).map { weights[$0 * self.columns + column] }, limit: limit, isFused: true)
      }
      let all = ShortRow(rows.flatMap { $0 }, limit: limit, isFused: true)
      var expected: [Float] = []
      for pixel in 0..<pixels {
        var row = all
        row.integers = (0..<height).flatMap { y in
          let start = y * rows[0].count + pixel * step
          return all.integers[start..<start + width * 3]
        }
        for (column, weights) in columns.enumerated() {
          let value = bias[column].addingProduct(row.sum(weights), row.scale * weights.scale)
          expected.append(Float(activation(Double(value))))
        }
      }
      Comparisons.expectEqual(found, expected, "image of integers, \(height) x \(width)")
      withExtendedLifetime(memory) {}
    }

    /// The weights in the order in which packing makes words of neighbours.
    private func paired(_ rowWords: Int) -> [Float] {
      let vector = CountedKernels.vectorWidth
      let count = height * rowWords * 2
      var placed = [Float](repeating: 0, count: count * columns)
      for y in 0..<height {
        for value in 0..<width * 3 {
          let word = y * rowWords + value / 2
          let start = word / vector * 2 * vector
          let channel = start + word % vector + value % 2 * min(vector, (count - start) / 2)
          for column in 0..<columns {
            placed[channel * columns + column] = weights[(y * width * 3 + value) * columns + column]
          }
        }
      }
      return placed
    }
  }
}
