/// The extent of one value of a graph, without the batch dimension: every value belongs to one image.
package enum Shape: Hashable, Sendable {
  /// A feature map, stored height by width by channels (NHWC without N).
  case map(height: Int, width: Int, channels: Int)
  /// A vector of features.
  case vector(Int)

  package var dimensions: [Int] {
    switch self {
    case .map(let height, let width, let channels): [height, width, channels]
    case .vector(let count): [count]
    }
  }

  /// Three dimensions are a map, one is a vector; anything else is no shape.
  package init?(dimensions: [Int]) {
    switch dimensions.count {
    case 3: self = .map(height: dimensions[0], width: dimensions[1], channels: dimensions[2])
    case 1: self = .vector(dimensions[0])
    default: return nil
    }
  }

  package var channels: Int {
    switch self {
    case .map(_, _, let channels): channels
    case .vector(let count): count
    }
  }

  /// The number of values, or nil where it is not within `Limits.elements` or a dimension is not positive.
  package var checkedElementCount: Int? { Limits.elementCount(of: dimensions) }

  /// The number of values of a validated shape.
  package var elementCount: Int {
    switch self {
    case .map(let height, let width, let channels): height * width * channels
    case .vector(let count): count
    }
  }
}

extension Shape: CustomStringConvertible {
  package var description: String { dimensions.map(String.init).joined(separator: "x") }
}

/// What a graph may ask for, checked before anything is allocated.
package enum Limits {
  /// Values of one tensor or feature map.
  package static let elements = 1 << 30
  package static let nodes = 1 << 16
  /// Any single size, stride, dilation or padding of a window.
  package static let window = 1 << 12

  /// The product of positive dimensions, or nil where it exceeds `elements`.
  package static func elementCount(of dimensions: [Int]) -> Int? {
    var product = 1
    for dimension in dimensions {
      guard dimension > 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      guard !overflow, next <= elements else { return nil }
      product = next
    }
    return product
  }
}
