import ModelGraph

/// Numbers that are known before the network runs: weights, and what shapes are computed from.
struct ONNXConstant {
  enum Values {
    case ints([Int])
    case floats([Float])
    /// In the file, of the constant's dimensions.
    case stored(NamedArray)
    /// Quantized in the file: each number times the scale of its index along the axis, or times the only one.
    case scaled(NamedArray, scale: [Float], axis: Int)
  }

  private(set) var dimensions: [Int]
  private(set) var values: Values

  /// - Precondition: As many values as the dimensions say.
  init(dimensions: [Int], values: Values) {
    self.dimensions = dimensions
    self.values = values
  }

  init(ints: [Int]) { self.init(dimensions: [ints.count], values: .ints(ints)) }

  /// Arrays of integers that may be shapes are read at once; all others stay in the file.
  init(_ array: NamedArray) throws(ImportError) {
    dimensions = array.dimensions
    if let count = Self.count(of: array.dimensions), count <= Self.largestComputed,
      array.elementType.byteCount > 2 || array.elementType == .bool, let ints = try array.integers()
    {
      values = .ints(ints)
    } else if array.dimensions.contains(0) {
      values = .floats([])
    } else {
      values = .stored(array)
    }
  }

  /// Larger constants are not computed with, only reshaped, transposed and used.
  static let largestComputed = 1 << 22

  /// The number of values of such dimensions, or nil where that is more than a tensor may have.
  ///
  /// Where one dimension is 0 the others are bounded too, as some of them may be multiplied, and counted through, without it.
  static func count(of dimensions: [Int]) -> Int? {
    guard dimensions.contains(0) else { return Limits.elementCount(of: dimensions) }
    let others = Limits.elementCount(of: dimensions.filter { $0 != 0 })
    return others.map { $0 <= largestComputed } == true ? 0 : nil
  }

  var elementCount: Int { dimensions.reduce(1, *) }

  var isInteger: Bool {
    switch values {
    case .ints: true
    case .stored(let array): array.elementType.isInteger
    case .floats, .scaled: false
    }
  }

  /// The type of numbers of 8 and 16 bits, which stay in the file.
  var integerType: NamedArray.ElementType? {
    if case .stored(let array) = values, array.elementType.isInteger { array.elementType } else { nil }
  }

  func floats() throws(ImportError) -> [Float] {
    switch values {
    case .ints(let ints): return ints.map { Float($0) }
    case .floats(let floats): return floats
    case .stored(let array): return try array.values()
    case .scaled(let array, let scale, let axis):
      let step = dimensions.dropFirst(axis + 1).reduce(1, *)
      return try array.values().enumerated().map { $0.element * scale[$0.offset / step % scale.count] }
    }
  }

  /// All values as whole numbers, or nil where they are not.
  func ints() throws(ImportError) -> [Int]? {
    switch values {
    case .ints(let ints): return ints
    case .floats, .scaled: return nil
    case .stored(let array): return try array.integers()
    }
  }

  /// As a network's weights of these dimensions.
  ///
  /// Quantized ones keep their integers where the scales are those of the last dimension, as a graph's tensor has them.
  func tensor(named name: String) throws(ImportError) -> Tensor {
    switch values {
    case .stored(let array):
      let tensor = try array.tensor(named: name, dimensions: dimensions)
      if let (index, value) = try array.firstNonFinite() {
        throw .array(name: array.name, reason: "value \(index) is \(value), expected finite numbers")
      }
      return tensor
    case .scaled(let array, let scale, let axis)
    where array.elementType == .int8 && (axis == dimensions.count - 1 || scale.count == 1 && dimensions.count > 1):
      let scales = scale.count == 1 ? [Float](repeating: scale[0], count: dimensions[dimensions.count - 1]) : scale
      return Tensor(
        name: name, dimensions: dimensions, elementType: .int8, contents: array.contents, scale: scales)
    default:
      let values = try floats()
      if let index = values.firstIndex(where: { !$0.isFinite }) {
        throw .array(name: name, reason: "value \(index) is \(values[index]), expected finite numbers")
      }
      return Tensor(name: name, dimensions: dimensions, values: values)
    }
  }

  /// The same values under other dimensions.
  ///
  /// - Precondition: The product of the dimensions is the same.
  func reshaped(_ dimensions: [Int]) throws(ImportError) -> ONNXConstant {
    switch values {
    case .stored(let array):
      return ONNXConstant(dimensions: dimensions, values: .stored(try array.reshaped(to: dimensions)))
    case .scaled(let array, let scale, _) where scale.count == 1:
      return ONNXConstant(
        dimensions: dimensions, values: .scaled(try array.reshaped(to: dimensions), scale: scale, axis: 0))
    case .scaled(let array, let scale, let axis):
      // The scales stay those of one dimension only where what is before it, and it, keep their sizes.
      let before = self.dimensions.prefix(axis).reduce(1, *)
      guard
        let place = dimensions.indices.first(where: {
          dimensions.prefix($0).reduce(1, *) == before && dimensions[$0] == scale.count
        })
      else { return ONNXConstant(dimensions: dimensions, values: .floats(try floats())) }
      return ONNXConstant(
        dimensions: dimensions, values: .scaled(try array.reshaped(to: dimensions), scale: scale, axis: place))
    case .ints, .floats: return ONNXConstant(dimensions: dimensions, values: values)
    }
  }

  /// Dimension `i` of the result is dimension `permutation[i]`; values in the file are reordered when they are read.
  func transposed(_ permutation: [Int]) -> ONNXConstant {
    let permuted = permutation.map { dimensions[$0] }
    switch values {
    case .stored(let array): return ONNXConstant(dimensions: permuted, values: .stored(array.permuted(permutation)))
    case .scaled(let array, let scale, let axis):
      return ONNXConstant(
        dimensions: permuted,
        values: .scaled(
          array.permuted(permutation), scale: scale, axis: permutation.firstIndex(of: axis) ?? axis))
    case .ints(let ints):
      return ONNXConstant(dimensions: permuted, values: .ints(offsets(permutation).map { ints[$0] }))
    case .floats(let floats):
      return ONNXConstant(dimensions: permuted, values: .floats(offsets(permutation).map { floats[$0] }))
    }
  }

  /// Where the values of the permuted dimensions lie now.
  private func offsets(_ permutation: [Int]) -> [Int] {
    var steps = [Int](repeating: 1, count: dimensions.count)
    for axis in dimensions.indices.dropLast().reversed() { steps[axis] = steps[axis + 1] * dimensions[axis + 1] }
    return permutation.reduce([0]) { offsets, axis in
      offsets.flatMap { offset in (0..<dimensions[axis]).map { offset + $0 * steps[axis] } }
    }
  }

  /// The same values with dimensions of 1 in front.
  func withLeadingOnes(rank: Int) throws(ImportError) -> ONNXConstant {
    try reshaped([Int](repeating: 1, count: max(0, rank - dimensions.count)) + dimensions)
  }
}

extension NamedArray.ElementType {
  var isInteger: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: false
    default: true
    }
  }
}
