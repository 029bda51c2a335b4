import ModelGraph
import Testing

@Suite struct GraphDescriptionTests {
  private func graph(_ nodes: [(name: String, operation: Operation, inputs: [Int])]) throws -> Graph {
    var builder = GraphBuilder()
    for node in nodes {
      try builder.append(node.name, node.operation, node.inputs) { role, dimensions in
        Tensor(
          name: "\(node.name)/\(role)", dimensions: dimensions,
          values: [Float](repeating: 0, count: dimensions.reduce(1, *)))
      }
    }
    return builder.graph
  }

  @Test func `A graph prints as a table with its totals`() throws {
    var shortcut = Convolution(window: Window(size: Extent(1), stride: Extent(2)), outputChannels: 12, hasBias: true)
    shortcut.epilogue = Epilogue(addsResidual: true, activation: .relu)
    var separable = SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 12)
    (separable.inputActivation, separable.middleActivation) = (.relu, .elu(alpha: 1))
    (separable.hasDepthwiseBias, separable.hasBias) = (true, true)
    let graph = try graph([
      ("input", .input(.map(height: 16, width: 9, channels: 8)), []),
      ("main", .separableConvolution(separable), [0]),
      ("pool", .maxPool(Window(size: Extent(3), stride: Extent(2))), [1]),
      ("shortcut", .convolution(shortcut), [0, 2]),
      ("average", .globalPool(GlobalPool(.average)), [3]),
      ("scores", .dense(Dense(outputs: 10)), [4]),
      ("probabilities", .softmax, [5]),
    ])
    #expect(
      graph.description == """
           node           operation                                                      reads  shape    parameters  multiply-adds
        0  input          input                                                                 16x9x8            0              0
        1  main           relu -> separable convolution 3x3 same (+ bias -> elu) + bias  0      16x9x12         188         24,192
        2  pool           max pool 3x3/2 same                                            1      8x5x12            0              0
        3  shortcut       convolution 1x1/2 same + bias + residual -> relu               0 2    8x5x12          108          3,840
        4  average        global average pool                                            3      12                0              0
        5  scores         dense + bias                                                   4      10              130            120
        6  probabilities  softmax                                                        5      10                0              0
           7 nodes                                                                                              426         28,152

        """)
  }

  @Test(arguments: [
    (
      Operation.convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 8, groups: 8)),
      "depthwise convolution 3x3 same"
    ),
    (
      .convolution(Convolution(window: Window(size: Extent(3), dilation: Extent(2)), outputChannels: 8, groups: 2)),
      "convolution in 2 groups 3x3 dilation 2 same"
    ),
    (
      .convolution(
        Convolution(
          window: Window(
            size: Extent(height: 1, width: 3), stride: Extent(height: 1, width: 2),
            padding: .explicit(top: 0, left: 1, bottom: 0, right: 2)), outputChannels: 8)),
      "convolution 1x3/1x2 padding 0 1 0 2"
    ),
    (.batchNormalization(BatchNormalization(epsilon: 0.25)), "batch normalization, epsilon 0.25"),
    (.activation(.elu(alpha: 0.5)), "elu of alpha 0.5"),
    (
      .averagePool(AveragePool(window: Window(size: Extent(2), padding: .valid), countsPadding: true)),
      "average pool 2x2 valid, padding counts"
    ),
  ])
  func `An operation is described with its parts`(operation: Operation, description: String) throws {
    let graph = try graph([
      ("input", .input(.map(height: 16, width: 9, channels: 8)), []), ("node", operation, [0]),
    ])
    #expect(graph.describeOperation(of: graph.nodes[1]) == description)
  }

  @Test func `A name cannot control a terminal`() throws {
    let graph = try graph([("\u{1b}[2Jin\nput\u{9b}", .input(.vector(1)), [])])
    #expect(graph.description.contains("\n0  \\u{1b}[2Jin\\u{a}put\\u{9b}  input"))
  }
}
