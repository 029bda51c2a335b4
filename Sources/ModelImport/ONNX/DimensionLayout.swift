/// How the dimensions of a value, as ONNX counts them, are arranged in memory.
///
/// Reshaping, squeezing and transposing only change what the dimensions are called, so they are followed here, and no
/// node is made for them. A dimension is a product of factors; memory is a row of the same factors in another order. A
/// feature map of N x C x H x W that is stored height by width by channels has the dimensions `[] [c] [h] [w]` (N is 1 and
/// has no factor) and the order `h w c`; flattened it has the dimensions `[] [c h w]` and the same order.
struct DimensionLayout {
  struct Factor: Hashable {
    fileprivate let id: Int
    let size: Int
  }

  /// From the factor with the longest steps to the one whose values are neighbors.
  private(set) var order: [Factor]
  /// The factors of each dimension, the longest steps first.
  private(set) var dimensions: [[Factor]]
  private var nextID: Int

  /// The dimensions in the order that they have in memory.
  init(contiguous sizes: [Int]) { self.init(sizes: sizes, memory: Array(sizes.indices)) }

  /// - Parameter memory: The dimensions from the one whose steps are longest on.
  init(sizes: [Int], memory: [Int]) {
    let factors = sizes.enumerated().map { Factor(id: $0.offset, size: $0.element) }
    dimensions = factors.map { $0.size == 1 ? [] : [$0] }
    order = memory.map { factors[$0] }.filter { $0.size > 1 }
    nextID = sizes.count
  }

  var sizes: [Int] { dimensions.map(\.size) }
  var elementCount: Int { order.size }

  /// The factors of some dimensions, in order.
  func factors(of dimensions: [Int]) -> [Factor] { dimensions.flatMap { self.dimensions[$0] } }

  func transposed(_ permutation: [Int]) -> DimensionLayout {
    var layout = self
    layout.dimensions = permutation.map { dimensions[$0] }
    return layout
  }

  /// The same values under other dimensions, or nil where a dimension would need a part of a factor.
  ///
  /// - Precondition: The product of the sizes is the number of values.
  func reshaped(to sizes: [Int]) -> DimensionLayout? {
    var layout = self
    var rest = Array(dimensions.joined())[...]
    layout.dimensions = []
    for size in sizes {
      var remaining = size
      var dimension: [Factor] = []
      while remaining > 1, let factor = rest.popFirst() {
        if remaining % factor.size == 0 {
          dimension.append(factor)
          remaining /= factor.size
        } else if factor.size % remaining == 0 {
          let (major, minor) = layout.split(factor, major: remaining)
          dimension.append(major)
          rest = [minor] + rest
          remaining = 1
        } else {
          return nil
        }
      }
      guard remaining == 1 else { return nil }
      layout.dimensions.append(dimension)
    }
    return layout
  }

  /// Cuts a factor in two, everywhere.
  private mutating func split(_ factor: Factor, major: Int) -> (major: Factor, minor: Factor) {
    let parts = (Factor(id: nextID, size: major), Factor(id: nextID + 1, size: factor.size / major))
    nextID += 2
    let replaced = { (factors: [Factor]) in factors.flatMap { $0 == factor ? [parts.0, parts.1] : [$0] } }
    order = replaced(order)
    dimensions = dimensions.map(replaced)
    return parts
  }

  /// Cuts the factors of dimensions that are equal in both until they are the same products; nil where they cannot be.
  ///
  /// - Returns: For each factor of `other`, this layout's factor that it stands for.
  mutating func align(with other: inout DimensionLayout, except excepted: Int? = nil) -> [Factor: Factor]? {
    var counterparts: [Factor: Factor] = [:]
    for index in dimensions.indices
    where index != excepted && !dimensions[index].isEmpty && !other.dimensions[index].isEmpty {
      var place = 0
      while place < dimensions[index].count, place < other.dimensions[index].count {
        let (own, others) = (dimensions[index][place], other.dimensions[index][place])
        if own.size > others.size {
          guard own.size % others.size == 0 else { return nil }
          _ = split(own, major: others.size)
        } else if own.size < others.size {
          guard others.size % own.size == 0 else { return nil }
          _ = other.split(others, major: own.size)
        }
        counterparts[other.dimensions[index][place]] = dimensions[index][place]
        place += 1
      }
      guard dimensions[index].count == other.dimensions[index].count else { return nil }
    }
    return counterparts
  }

  /// The same dimensions with the values in another order in memory.
  ///
  /// - Precondition: The same factors.
  func reordered(_ order: [Factor]) -> DimensionLayout {
    var layout = self
    layout.order = order
    return layout
  }

  /// With another size for one dimension, in the place of its present values; nil where those are not contiguous.
  func resized(_ dimension: Int, to size: Int) -> DimensionLayout? {
    let factors = dimensions[dimension]
    guard let first = factors.first else { return size == 1 ? self : nil }
    guard let place = order.firstIndex(of: first), Array(order[place...].prefix(factors.count)) == factors else {
      return nil
    }
    var layout = self
    let resized = size == 1 ? [] : [Factor(id: nextID, size: size)]
    layout.nextID += 1
    layout.order.replaceSubrange(place..<place + factors.count, with: resized)
    layout.dimensions[dimension] = resized
    return layout
  }

  /// With the values of one dimension, of any size, side by side after all others.
  func resizedInnermost(_ dimension: Int, to size: Int) -> DimensionLayout {
    var layout = self
    let resized = size == 1 ? [] : [Factor(id: nextID, size: size)]
    layout.nextID += 1
    layout.order = order.filter { !dimensions[dimension].contains($0) } + resized
    layout.dimensions[dimension] = resized
    return layout
  }

  /// With some dimensions reduced to one value each, which stay as dimensions of 1 or vanish.
  func reduced(_ reduced: [Int], keepsDimensions: Bool) -> DimensionLayout {
    var layout = self
    let gone = Set(factors(of: reduced))
    layout.order = order.filter { !gone.contains($0) }
    for dimension in reduced { layout.dimensions[dimension] = [] }
    if !keepsDimensions {
      layout.dimensions = layout.dimensions.indices.filter { !reduced.contains($0) }.map { layout.dimensions[$0] }
    }
    return layout
  }

  /// Where in memory each value lies, in the order of the dimensions.
  var memoryOffsets: [Int] {
    var steps: [Factor: Int] = [:]
    var step = 1
    for factor in order.reversed() {
      steps[factor] = step
      step *= factor.size
    }
    return dimensions.joined().reduce([0]) { offsets, factor in
      let step = steps[factor] ?? 0
      return offsets.flatMap { offset in (0..<factor.size).map { offset + $0 * step } }
    }
  }
}

extension [DimensionLayout.Factor] {
  /// The number of values that the factors make together.
  var size: Int { reduce(1) { $0 * $1.size } }
}
