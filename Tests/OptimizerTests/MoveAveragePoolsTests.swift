import ModelGraph
import Testing

@testable import Optimizer

@Suite struct MoveAveragePoolsTests {
  private static func pool(
    _ side: Int, stride: Int = 1, padding: Padding = .same, countsPadding: Bool = false
  ) -> Operation {
    let window = Window(size: Extent(side), stride: Extent(stride), padding: padding)
    return .averagePool(AveragePool(window: window, countsPadding: countsPadding))
  }

  /// Numbers that the averages of these windows keep whole, twice in a row.
  private static let input = (0..<32).map { Float(($0 * 7 % 11) * 144) }

  private func moved(_ graph: Graph) throws -> Graph {
    let moved = MoveAveragePools().apply(to: graph)
    try moved.validate()
    try expectSameValues(graph, moved, for: Self.input, exactly: true)
    return moved
  }

  /// As DenseNet's transitions.
  @Test func `A convolution moves behind a pool that makes its map smaller`() throws {
    var small = try SmallGraph()
    try small.append("c", .pointwise(3, hasBias: true))
    try small.append("half", Self.pool(2, stride: 2))
    try small.append("relu", .activation(.relu))
    let graph = try moved(small.graph)
    #expect(
      graph.structure == [
        "input() = input", "half(input) = average pool 2x2/2 same", "c(half) = convolution 1x1 same + bias",
        "relu(c) = relu",
      ])
    #expect(graph.nodes.map(\.shape.dimensions) == [[4, 4, 2], [2, 2, 2], [2, 2, 3], [2, 2, 3]])
    #expect(MoveAveragePools().apply(to: graph).structure == graph.structure)
  }

  /// As in Inception's modules.
  @Test func `A convolution to fewer channels moves before a pool that keeps its map's size`() throws {
    var small = try SmallGraph()
    try small.append("mean", Self.pool(3))
    try small.append("c", .pointwise(1, hasBias: true))
    try small.append("relu", .activation(.relu))
    let graph = try moved(small.graph)
    #expect(
      graph.structure == [
        "input() = input", "c(input) = convolution 1x1 same + bias", "mean(c) = average pool 3x3 same",
        "relu(mean) = relu",
      ])
    #expect(graph.nodes.map(\.shape.dimensions) == [[4, 4, 2], [4, 4, 1], [4, 4, 1], [4, 4, 1]])
    #expect(MoveAveragePools().apply(to: graph).structure == graph.structure)
  }

  @Test func `Padding that counts keeps a convolution with a bias where it is, not one without`() throws {
    for hasBias in [false, true] {
      var small = try SmallGraph()
      try small.append("mean", Self.pool(3, countsPadding: true))
      try small.append("c", .pointwise(1, hasBias: hasBias))
      let graph = try moved(small.graph)
      #expect((graph.structure == small.graph.structure) == hasBias)
    }
  }

  @Test(arguments: [
    ("more channels", [pool(3), .pointwise(3)]), ("a stride", [pool(3), .pointwise(1, stride: 2)]),
    ("a border", [pool(3), .pointwise(1, padding: .explicit(top: 1, left: 0, bottom: 0, right: 0))]),
    ("neighbors", [pool(3), .convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 1))]),
    ("hardly fewer positions", [.pointwise(3), pool(2, padding: .valid)]),
    ("an activation", [.pointwise(3), .activation(.relu), pool(2, stride: 2)]),
    ("a depthwise convolution", [.depthwise(2), pool(2, stride: 2)]),
    ("the largest", [.pointwise(3), .maxPool(Window(size: Extent(2), stride: Extent(2)))]),
    ("the last pooling", [.pointwise(3), pool(4, padding: .valid), .flatten, .dense(Dense(outputs: 2))]),
  ])
  func `Nothing moves where that would change values, cost more or hide a map`(what: String, operations: [Operation])
    throws
  {
    var small = try SmallGraph()
    for (index, operation) in operations.enumerated() { try small.append("\(index)", operation) }
    #expect(MoveAveragePools().apply(to: small.graph).structure == small.graph.structure, "\(what)")
  }

  @Test func `A value that another node reads stays`() throws {
    var small = try SmallGraph()
    try small.append("c", .pointwise(2))
    try small.append("half", Self.pool(2, stride: 2))
    try small.append("other", .maxPool(Window(size: Extent(2), stride: Extent(2))), reads: ["c"])
    try small.append("sum", .add, reads: ["half", "other"])
    #expect(MoveAveragePools().apply(to: small.graph).structure == small.graph.structure)
  }

  @Test func `A convolution that adds a residual stays behind its pool`() throws {
    var small = try SmallGraph()
    try small.append("narrow", .pointwise(1))
    try small.append("mean", Self.pool(3), reads: ["input"])
    try small.append("c", .pointwise(1))
    try small.append("sum", .add, reads: ["c", "narrow"])
    #expect(MoveAveragePools().apply(to: small.graph).structure == small.graph.structure)
  }

  /// What is known of the values behind a module's pool, from the batch normalization there, does not depend on its place.
  @Test func `Biases are corrected as before`() throws {
    var small = try SmallGraph()
    try small.append("mean", Self.pool(3))
    try small.append("c", .pointwise(1))
    try small.append("bn", .normalization, ["gamma": [2], "beta": [1], "mean": [3], "variance": [4]])
    try small.append("relu", .activation(.relu))
    try small.append("d", .pointwise(2))
    let means = try [Optimizer.passes, Optimizer.passes.filter { !($0 is MoveAveragePools) }].map { passes in
      let graph = try Optimizer.optimize(small.graph, passes: passes)
      let expected = try ExpectedInputs(of: graph, normalized: small.graph.normalizedSums)
      return expected.rowMeans[graph.nodes.count - 1]
    }
    #expect(means[0] == means[1])
    #expect(means[0]?.count == 1)
  }
}
