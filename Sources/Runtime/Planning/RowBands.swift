import ModelGraph

/// How a convolution's rows of integers are made of bands of its input: of all that the windows of some rows of outputs cover,
/// as bytes with one scale. A pixel of 5 x 5 windows becomes bytes less than twice then, and not 25 times; bands are those of a
/// plan, so that results do not depend on how members divide the outputs.
struct RowBands: Equatable {
  /// The rows of the output.
  var height: Int
  var count: Int
  /// Whether no value of the input is below zero.
  var isPositive: Bool

  /// - Returns: Nil for windows that hardly overlap, or whose bands would be out of proportion to the map.
  init?(_ window: PlacedWindow, height: Int, isPositive: Bool) {
    guard window.taps > 1, window.dilationDown == 1, window.dilationAcross == 1,
      max(window.height, window.width) <= Self.largestWindow, window.strideDown <= window.height,
      window.strideAcross <= window.width
    else { return nil }
    self.height = height
    self.isPositive = isPositive
    // So that about half of the rows of a band are those of another one too.
    let rows = max(1, 2 * (window.height - window.strideDown))
    count = (height + rows - 1) / rows
  }

  private static let largestWindow = 16

  /// The band of a row of the output.
  func band(of y: Int) -> Int { ((y + 1) * count - 1) / height }

  /// The rows of the output whose windows a band has.
  func outputs(of band: Int) -> Range<Int> { height * band / count..<height * (band + 1) / count }

  /// The most rows of the input in a band.
  func mostInputs(_ window: PlacedWindow) -> Int {
    ((height + count - 1) / count - 1) * window.strideDown + window.height
  }
}

extension Graph {
  /// For each node, whether its values are known to be zero or above.
  var positiveNodes: [Bool] {
    var positive: [Bool] = []
    for node in nodes {
      let inputs = node.inputs.allSatisfy { positive[$0] }
      let isPositive =
        switch node.operation {
        case .convolution(let convolution): convolution.epilogue.activation.isPositive
        case .separableConvolution(let separable): separable.epilogue.activation.isPositive
        case .activation(let activation): activation.isPositive
        case .add, .concatenate, .maxPool, .averagePool: inputs
        default: false
        }
      positive.append(isPositive)
    }
    return positive
  }
}

extension Activation {
  fileprivate var isPositive: Bool { limits.map { $0.minimum >= 0 } ?? false }
}
