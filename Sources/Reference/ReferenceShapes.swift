import ModelGraph

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The operations that move values or repeat them.
extension ReferenceExecutor {
  /// The values of a map by position, or of a vector, which has one position.
  struct Positions {
    let height: Int
    let width: Int
    let channels: Int
    let values: [Float]

    init(_ values: [Float], _ shape: Shape) {
      let sides = shape.asMap.dimensions
      (height, width, channels) = (sides[0], sides[1], sides[2])
      self.values = values
    }

    subscript(y: Int, x: Int, channel: Int) -> Float { values[(y * width + x) * channels + channel] }
  }

  /// Calls `value` for each value of a shape, in order.
  static func values(of shape: Shape, _ value: (_ y: Int, _ x: Int, _ channel: Int) -> Float) -> [Float] {
    let sides = shape.asMap.dimensions
    var result: [Float] = []
    result.reserveCapacity(shape.elementCount)
    for y in 0..<sides[0] {
      for x in 0..<sides[1] { for channel in 0..<sides[2] { result.append(value(y, x, channel)) } }
    }
    return result
  }

  static func binary(_ binary: Binary, _ inputs: [[Float]], _ shapes: [Shape], to shape: Shape) -> [Float] {
    let first = Positions(inputs[0], shapes[0])
    let second = Positions(inputs[1], shapes[1])
    func repeated(_ side: Positions, _ y: Int, _ x: Int, _ channel: Int) -> Double {
      Double(side[side.height == 1 ? 0 : y, side.width == 1 ? 0 : x, side.channels == 1 ? 0 : channel])
    }
    return values(of: shape) { y, x, channel in
      Float(binary.value(repeated(first, y, x, channel), repeated(second, y, x, channel)))
    }
  }

  static func padded(_ pad: Pad, _ input: [Float], _ shape: Shape, to padded: Shape) -> [Float] {
    let positions = Positions(input, shape)
    return values(of: padded) { y, x, channel in
      let (row, column) = (y - pad.top, x - pad.left)
      guard (0..<positions.height).contains(row), (0..<positions.width).contains(column) else { return pad.value }
      return positions[row, column, channel]
    }
  }

  static func sliced(_ slice: Slice, _ input: [Float], _ shape: Shape, to sliced: Shape) -> [Float] {
    let positions = Positions(input, shape)
    return values(of: sliced) { y, x, channel in
      positions[slice.rows.first + y, slice.columns.first + x, slice.channels.first + channel]
    }
  }

  static func shuffled(groups: Int, _ input: [Float], _ shape: Shape) -> [Float] {
    let positions = Positions(input, shape)
    let width = shape.channels / groups
    return values(of: shape) { y, x, channel in
      positions[y, x, channel % groups * width + channel / groups]
    }
  }

  static func resized(_ resize: Resize, _ input: [Float], _ shape: Shape, to resized: Shape) -> [Float] {
    let positions = Positions(input, shape)
    let target = resized.extent
    let down = Double(positions.height) / Double(target.height)
    let across = Double(positions.width) / Double(target.width)
    switch resize.filter {
    case .nearest:
      return values(of: resized) { y, x, channel in
        let row = nearest(of: y, from: positions.height, to: target.height)
        return positions[row, nearest(of: x, from: positions.width, to: target.width), channel]
      }
    case .bilinear:
      return values(of: resized) { y, x, channel in
        let (top, bottom, lower) = neighbors(of: y, scale: down, count: positions.height)
        let (left, right, later) = neighbors(of: x, scale: across, count: positions.width)
        func row(_ y: Int) -> Double {
          Double(positions[y, left, channel]) * (1 - later) + Double(positions[y, right, channel]) * later
        }
        return Float(row(top) * (1 - lower) + row(bottom) * lower)
      }
    case .bicubic, .lanczos3, .lanczos5:
      let rows = (0..<target.height).map { shares(of: $0, resize.filter, from: positions.height, to: target.height) }
      let columns = (0..<target.width).map { shares(of: $0, resize.filter, from: positions.width, to: target.width) }
      return values(of: resized) { y, x, channel in
        var sum = 0.0
        for (row, share) in rows[y] {
          for (column, part) in columns[x] { sum += share * part * Double(positions[row, column, channel]) }
        }
        return Float(sum)
      }
    }
  }

  /// In TensorFlow's single precision, whose rounding decides where two positions are equally near.
  private static func nearest(of index: Int, from count: Int, to target: Int) -> Int {
    min(Int((Float(index) + 0.5) * (Float(count) / Float(target))), count - 1)
  }

  /// The positions that a new one is made of, and the share of each, as `tf.image.resize` weights them.
  private static func shares(
    of index: Int, _ filter: Resize.Filter, from count: Int, to target: Int
  ) -> [(position: Int, share: Double)] {
    // TensorFlow's place is in single precision, and its table of cubic weights has 1024 places.
    let place = (Float(index) + 0.5) * (Float(count) / Float(target)) - 0.5
    let lower = place.rounded(.down)
    let share = Double(((place - lower) * 1024).rounded() / 1024)
    let weights = (0..<count).map { position in
      filter == .bicubic
        ? cubic(abs(Double(position) - Double(lower) - share))
        : lanczos(abs(Double(position) - Double(place)), radius: filter == .lanczos3 ? 3 : 5)
    }
    let sum = weights.reduce(0, +)
    return weights.enumerated().filter { $0.element != 0 }.map { ($0.offset, $0.element / sum) }
  }

  /// Keys's convolution with the coefficient -0.5.
  private static func cubic(_ distance: Double) -> Double {
    if distance <= 1 { return (1.5 * distance - 2.5) * distance * distance + 1 }
    return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * -0.5 : 0
  }

  private static func lanczos(_ distance: Double, radius: Double) -> Double {
    guard distance > 1e-3 else { return 1 }
    let angle = Double.pi * distance
    return distance < radius ? radius * sin(angle) * sin(angle / radius) / (angle * angle) : 0
  }

  /// The two positions around a new one, and the share of the second, with half-pixel centers.
  private static func neighbors(of index: Int, scale: Double, count: Int) -> (first: Int, second: Int, share: Double) {
    let place = (Double(index) + 0.5) * scale - 0.5
    let first = Int(place.rounded(.down))
    return (max(first, 0), min(first + 1, count - 1), place - place.rounded(.down))
  }

  static func transposedConvolution(
    _ convolution: TransposedConvolution, _ input: [Float], _ shape: Shape, to output: Shape, weights: [[Float]]
  ) -> [Float] {
    let positions = Positions(input, shape)
    let sides = output.extent
    let outputs = convolution.outputChannels
    var sums = [Double](repeating: 0, count: output.elementCount)
    for index in sums.indices where convolution.hasBias { sums[index] = Double(weights[1][index % outputs]) }
    for y in 0..<positions.height {
      for x in 0..<positions.width {
        for row in 0..<convolution.size.height {
          let targetY = y * convolution.stride.height + row * convolution.dilation.height - convolution.padding.top
          guard (0..<sides.height).contains(targetY) else { continue }
          for column in 0..<convolution.size.width {
            let targetX = x * convolution.stride.width + column * convolution.dilation.width - convolution.padding.left
            guard (0..<sides.width).contains(targetX) else { continue }
            let target = (targetY * sides.width + targetX) * outputs
            let tap = (row * convolution.size.width + column) * positions.channels
            for channel in 0..<positions.channels {
              let value = Double(positions[y, x, channel])
              for output in 0..<outputs {
                sums[target + output] += value * Double(weights[0][(tap + channel) * outputs + output])
              }
            }
          }
        }
      }
    }
    return sums.map { Float($0) }
  }
}

extension Binary {
  fileprivate func value(_ a: Double, _ b: Double) -> Double {
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
