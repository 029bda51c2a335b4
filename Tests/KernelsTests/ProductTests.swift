import ModelGraph
import Runtime
import TestSupport
import Testing

/// The register tile at each of its tails.
@Suite struct ProductTests {
  private static let columns = [1, 3, 15, 16, 17, 31, 32, 33, 65]

  /// Two tiles of 14 rows and one more.
  @Test(arguments: 1...29)
  func `Each number of rows meets each tail of columns`(rows: Int) throws {
    for (index, columns) in Self.columns.enumerated() {
      let depth = [1, 2, 3, 7, 8, 9, 15, 16, 17, 33][(rows + index) % 10]
      try expectProduct(rows: rows, depth: depth, columns: columns)
    }
  }

  @Test(arguments: 1...34)
  func `Each depth is summed to its end`(depth: Int) throws {
    for columns in [5, 17, 33] { try expectProduct(rows: 1 + depth % 9, depth: depth, columns: columns) }
  }

  /// Rows enough for several blocks of the narrow row panel, and for members that share one panel or have their own.
  @Test(arguments: [(301, 65, 3), (299, 3, 40), (450, 130, 2), (120, 33, 70)])
  func `Many rows are taken in blocks`(rows: Int, depth: Int, columns: Int) throws {
    try expectProduct(rows: rows, depth: depth, columns: columns)
  }

  @Test(arguments: [1, 3, 15, 16, 17, 33, 100], [1, 4, 15, 16, 17, 31, 32, 33, 65])
  func `A dense layer is a product of one row`(inputs: Int, outputs: Int) throws {
    for activation: Activation in [.identity, .relu, .relu6] {
      var network = try RandomWeighted(.vector(inputs), seed: UInt64(inputs * outputs), .integers)
      try network.append(.dense(Dense(outputs: outputs, hasBias: outputs % 2 == 0, activation: activation)))
      let input = network.input()
      try expectReference(network.graph, for: input, .exact)
    }
  }

  @Test(arguments: [Activation.identity, .relu, .relu6, .elu(alpha: 0.7), .sigmoid])
  func `A dense layer of floats stays within the bound of its sums`(activation: Activation) throws {
    var network = try RandomWeighted(.vector(130), seed: 5, .floats)
    try network.append(.dense(Dense(outputs: 71, activation: activation)))
    let input = network.input()
    try expectReference(network.graph, for: input, .rounded)
  }

  /// A pointwise convolution of a map with `rows` pixels.
  private func expectProduct(rows: Int, depth: Int, columns: Int) throws {
    let height = [7, 5, 3, 2].first { rows % $0 == 0 } ?? 1
    var network = try RandomWeighted(
      .map(height: height, width: rows / height, channels: depth), seed: UInt64(rows * 1000 + depth), .integers)
    let convolution = Convolution(window: Window(size: Extent(1)), outputChannels: columns, hasBias: columns % 2 == 1)
    try network.append(.convolution(convolution))
    let input = network.input()
    try expectReference(network.graph, for: input, .exact)
  }
}
