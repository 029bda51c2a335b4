import Kernels
import ModelGraph

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Operations without a kernel of their own: plain loops over rows of floats.
///
/// Means, norms and positions are in double precision, and sums of products in fp32.
extension MemberRun {
  func run(_ step: RowwiseStep, rows: Range<Int>) {
    let output = maps[step.output]
    for y in rows {
      let target = row(y, of: output)
      switch output.element {
      case .float32:
        make(y, of: step, FloatRow(target, stride: output.pixelStride))
        for x in 0..<output.width {
          let end = target + (x * output.pixelStride + output.channels)
          end.update(repeating: 0, count: output.pixelStride - output.channels)
        }
      case .bfloat16:
        let floats = scratch.floatRows + 2 * scratch.floatRow
        make(y, of: step, FloatRow(floats, stride: output.channels))
        for x in 0..<output.width {
          pack(
            floats + x * output.channels, to: target + x * output.pixelStride, output.channels,
            words: output.pixelStride)
        }
      }
    }
  }

  /// A row of a map as floats: in place, or unpacked into one of two buffers.
  private func floats(_ y: Int, of index: Int, place: Int = 0) -> FloatRow {
    let map = maps[index]
    let words = row(y, of: map)
    guard map.element == .bfloat16 else { return FloatRow(words, stride: map.pixelStride) }
    let floats = scratch.floatRows + place * scratch.floatRow
    for x in 0..<map.width {
      unpack(words + x * map.pixelStride, to: floats + x * map.channels, map.channels, words: map.pixelStride)
    }
    return FloatRow(floats, stride: map.channels)
  }

  private func make(_ y: Int, of step: RowwiseStep, _ row: FloatRow) {
    let (first, second) = (weights + step.parameters.first, weights + step.parameters.second)
    switch step.operation {
    case .binary(let binary): combine(binary, step, y, row)
    case .layerNormalization(let normalization):
      normalize(step, y, row) {
        $0.normalize($1, by: normalization, gamma: first, beta: normalization.hasGamma ? second : first)
      }
    case .unitNormalization: normalize(step, y, row) { $0.divideByNorm($1) }
    case .logSoftmax: normalize(step, y, row) { $0.logSoftmax($1) }
    case .sparsemax: normalize(step, y, row) { $0.sparsemax($1) }
    case .activation(let activation):  // One that the zeros which pad a pixel's channels must not go through.
      normalize(step, y, row) { pixel, channels in
        for channel in 0..<channels { pixel[channel] = Float(activation(Double(pixel[channel]))) }
      }
    case .pad(let pad): self.pad(pad, step, y, row)
    case .shuffleChannels(let groups): shuffle(groups, step, y, row)
    case .reshape: reshape(step, y, row)
    case .resize(let resize): self.resize(resize, step, y, row)
    case .transposedConvolution(let convolution):
      transpose(convolution, step, y, row, kernel: first, bias: convolution.hasBias ? second : nil)
    case .input, .convolution, .separableConvolution, .batchNormalization, .dense, .softmax, .add,
      .concatenate, .maxPool, .averagePool, .globalPool, .flatten, .constant, .slice, .parametricRelu:
      preconditionFailure("\(step.operation.name) has a kernel of its own")
    }
  }

  private func combine(_ binary: Binary, _ step: RowwiseStep, _ y: Int, _ row: FloatRow) {
    let output = maps[step.output]
    let (first, second) = (maps[step.first], maps[step.second ?? step.first])
    let left = floats(first.height == 1 ? 0 : y, of: step.first, place: 0)
    let right = floats(second.height == 1 ? 0 : y, of: step.second ?? step.first, place: 1)
    for x in 0..<output.width {
      for channel in 0..<output.channels {
        row[x, channel] = binary(
          left[first.width == 1 ? 0 : x, first.channels == 1 ? 0 : channel],
          right[second.width == 1 ? 0 : x, second.channels == 1 ? 0 : channel])
      }
    }
  }

  /// Copies a row and calls `body` with the values of each pixel.
  private func normalize(
    _ step: RowwiseStep, _ y: Int, _ row: FloatRow,
    _ body: (_ pixel: BoundedPointer<Float>, _ channels: Int) -> Void
  ) {
    let map = maps[step.output]
    let input = floats(y, of: step.first)
    for x in 0..<map.width {
      let pixel = row.values + x * row.stride
      pixel.update(from: input.values + x * input.stride, count: map.channels)
      body(pixel, map.channels)
    }
  }

  private func pad(_ pad: Pad, _ step: RowwiseStep, _ y: Int, _ row: FloatRow) {
    let (map, output) = (maps[step.first], maps[step.output])
    let isInside = (0..<map.height).contains(y - pad.top)
    let input = floats(isInside ? y - pad.top : 0, of: step.first)
    for x in 0..<output.width {
      for channel in 0..<output.channels {
        row[x, channel] =
          isInside && (0..<map.width).contains(x - pad.left) ? input[x - pad.left, channel] : pad.value
      }
    }
  }

  private func shuffle(_ groups: Int, _ step: RowwiseStep, _ y: Int, _ row: FloatRow) {
    let map = maps[step.first]
    let input = floats(y, of: step.first)
    let width = map.channels / groups
    for x in 0..<map.width {
      for channel in 0..<map.channels {
        row[x, channel] = input[x, channel % groups * width + channel / groups]
      }
    }
  }

  private func reshape(_ step: RowwiseStep, _ y: Int, _ row: FloatRow) {
    let (map, output) = (maps[step.first], maps[step.output])
    var index = y * output.width * output.channels
    var current = index / (map.width * map.channels)
    var input = floats(current, of: step.first)
    for x in 0..<output.width {
      for channel in 0..<output.channels {
        let (line, place) = index.quotientAndRemainder(dividingBy: map.width * map.channels)
        if line != current {
          current = line
          input = floats(current, of: step.first)
        }
        row[x, channel] = input[place / map.channels, place % map.channels]
        index += 1
      }
    }
  }

  private func resize(_ resize: Resize, _ step: RowwiseStep, _ y: Int, _ row: FloatRow) {
    let (map, output) = (maps[step.first], maps[step.output])
    let down = Double(map.height) / Double(output.height)
    let across = Double(map.width) / Double(output.width)
    switch resize.filter {
    case .nearest:
      // In TensorFlow's single precision, whose rounding decides where two positions are equally near.
      func nearest(_ index: Int, _ scale: Double) -> Int { Int((Float(index) + 0.5) * Float(scale)) }
      let input = floats(min(nearest(y, down), map.height - 1), of: step.first)
      for x in 0..<output.width {
        let column = min(nearest(x, across), map.width - 1)
        for channel in 0..<output.channels { row[x, channel] = input[column, channel] }
      }
    case .bilinear:
      let vertical = Neighbors(of: y, scale: down, count: map.height)
      let top = floats(vertical.first, of: step.first, place: 0)
      let bottom = floats(vertical.second, of: step.first, place: 1)
      for x in 0..<output.width {
        let horizontal = Neighbors(of: x, scale: across, count: map.width)
        for channel in 0..<output.channels {
          row[x, channel] = Float(
            vertical.mean(horizontal.mean(top, channel), horizontal.mean(bottom, channel)))
        }
      }
    case .bicubic, .lanczos3, .lanczos5: convolve(resize.filter, step, y, row)
    }
  }

  /// One row of the input after the other is added to the result.
  private func convolve(_ filter: Resize.Filter, _ step: RowwiseStep, _ y: Int, _ row: FloatRow) {
    let (map, output) = (maps[step.first], maps[step.output])
    for x in 0..<output.width { for channel in 0..<output.channels { row[x, channel] = 0 } }
    let vertical = ResizeShares(of: y, filter, from: map.height, to: output.height)
    for line in 0..<vertical.count where vertical.shares[line] != 0 {
      let input = floats(vertical.first + line, of: step.first)
      for x in 0..<output.width {
        let horizontal = ResizeShares(of: x, filter, from: map.width, to: output.width)
        for column in 0..<horizontal.count where horizontal.shares[column] != 0 {
          let share = vertical.shares[line] * horizontal.shares[column]
          for channel in 0..<output.channels { row[x, channel] += share * input[horizontal.first + column, channel] }
        }
      }
    }
  }

  /// The sum over the input positions whose kernels cover a row.
  private func transpose(
    _ convolution: TransposedConvolution, _ step: RowwiseStep, _ y: Int, _ row: FloatRow, kernel: BoundedPointer<Float>,
    bias: BoundedPointer<Float>?
  ) {
    let (map, output) = (maps[step.first], maps[step.output])
    for x in 0..<output.width {
      for channel in 0..<output.channels { row[x, channel] = bias?[channel] ?? 0 }
    }
    for tap in 0..<convolution.size.height {
      let place = y + convolution.padding.top - tap * convolution.dilation.height
      let (source, rest) = place.quotientAndRemainder(dividingBy: convolution.stride.height)
      guard rest == 0, (0..<map.height).contains(source) else { continue }
      let input = floats(source, of: step.first)
      for column in 0..<convolution.size.width {
        let weights = kernel + (tap * convolution.size.width + column) * map.channels * output.channels
        for x in 0..<map.width {
          let target = x * convolution.stride.width + column * convolution.dilation.width - convolution.padding.left
          guard (0..<output.width).contains(target) else { continue }
          for channel in 0..<map.channels {
            let value = input[x, channel]
            for result in 0..<output.channels {
              row[target, result] += value * weights[channel * output.channels + result]
            }
          }
        }
      }
    }
  }
}

/// A row of pixels of floats, `stride` apart.
private struct FloatRow {
  let values: BoundedPointer<Float>
  let stride: Int

  init(_ values: BoundedPointer<Float>, stride: Int) {
    self.values = values
    self.stride = stride
  }

  subscript(x: Int, channel: Int) -> Float {
    get { values[x * stride + channel] }
    nonmutating set { values[x * stride + channel] = newValue }
  }
}

/// The two positions around a new one, and the share of the second, with half-pixel centers.
private struct Neighbors {
  let first: Int
  let second: Int
  let share: Double

  init(of index: Int, scale: Double, count: Int) {
    let place = (Double(index) + 0.5) * scale - 0.5
    first = max(Int(place.rounded(.down)), 0)
    second = min(Int(place.rounded(.down)) + 1, count - 1)
    share = place - place.rounded(.down)
  }

  func mean(_ a: Double, _ b: Double) -> Double { a * (1 - share) + b * share }

  func mean(_ row: FloatRow, _ channel: Int) -> Double {
    mean(Double(row[first, channel]), Double(row[second, channel]))
  }
}

extension Binary {
  fileprivate func callAsFunction(_ a: Float, _ b: Float) -> Float {
    switch self {
    case .sum: a + b
    case .difference: a - b
    case .product: a * b
    case .quotient: a / b
    case .maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
    case .minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
    }
  }
}

extension BoundedPointer<Float> {
  fileprivate func normalize(_ count: Int, by normalization: LayerNormalization, gamma: Self, beta: Self) {
    let mean = sum(count) { $0 } / Double(count)
    let variance = sum(count) { ($0 - mean) * ($0 - mean) } / Double(count)
    let deviation = (variance + Double(normalization.epsilon)).squareRoot()
    for index in 0..<count {
      let normal = (Double(self[index]) - mean) / deviation
      self[index] = Float(
        normal * (normalization.hasGamma ? Double(gamma[index]) : 1) + (normalization.hasBeta ? Double(beta[index]) : 0)
      )
    }
  }

  fileprivate func divideByNorm(_ count: Int) {
    let norm = max(sum(count) { $0 * $0 }, 1e-12).squareRoot()
    for index in 0..<count { self[index] = Float(Double(self[index]) / norm) }
  }

  fileprivate func logSoftmax(_ count: Int) {
    let largest = (1..<count).reduce(Double(self[0])) { max($0, Double(self[$1])) }
    let logarithm = log(sum(count) { exp($0 - largest) })
    for index in 0..<count { self[index] = Float(Double(self[index]) - largest - logarithm) }
  }

  /// Values in descending order are found one after the other: seldom do more than a few support the threshold.
  fileprivate func sparsemax(_ count: Int) {
    let hasThreshold = (0..<count).allSatisfy { self[$0] < .infinity }
    var (running, total, support) = (0.0, 0.0, 0.0)
    var above = Float.infinity
    search: while hasThreshold, let next = (0..<count).lazy.map({ self[$0] }).filter({ $0 < above }).max() {
      for index in 0..<count where self[index] == next {
        running += Double(next)
        guard Double(next) > (running - 1) / (support + 1) else { break search }
        support += 1
        total += running
      }
      above = next
    }
    let threshold = hasThreshold ? (total - 1) / support : .nan
    for index in 0..<count { self[index] = Float(max(Double(self[index]) - threshold, 0)) }
  }

  private func sum(_ count: Int, _ term: (Double) -> Double) -> Double {
    (0..<count).reduce(0) { $0 + term(Double(self[$1])) }
  }
}
