import Kernels
import ModelGraph
import Reference
import TestSupport
import Testing

@testable import Runtime

/// Convolutions of an image of three channels with a stride of one or two across, whose tiles read the image's rows.
@Suite struct ImageProductTests {
  /// A convolution of an image, wide enough that a row of its output has a tile and a tail.
  struct Stem: Sendable, CustomTestStringConvertible {
    var height = 9
    var width: Int
    var side: Extent
    var columns: Int
    var padding = Padding.same
    var activation = Activation.relu
    var dilationDown = 1
    var strideAcross = 2

    var testDescription: String {
      "\(width) columns, \(side.height) x \(side.width), stride \(strideAcross) -> \(columns)"
    }

    func network(_ values: RandomWeights.Values) throws -> RandomWeighted {
      var network = try RandomWeighted(.map(height: height, width: width, channels: 3), seed: UInt64(width), values)
      let window = Window(
        size: side, stride: Extent(height: columns % 3 + 1, width: strideAcross),
        dilation: Extent(height: dilationDown, width: 1), padding: padding)
      try network.append(
        .convolution(
          Convolution(
            window: window, outputChannels: columns, hasBias: true, epilogue: Epilogue(activation: activation))))
      return network
    }
  }

  private static let stems = [
    Stem(width: 28, side: Extent(3), columns: 32, activation: .relu6),
    Stem(width: 29, side: Extent(3), columns: 16, activation: .identity),
    Stem(width: 31, side: Extent(height: 3, width: 3), columns: 24, padding: .valid),
    Stem(height: 17, width: 45, side: Extent(7), columns: 64),
    Stem(height: 12, width: 60, side: Extent(height: 2, width: 5), columns: 33),
    Stem(
      width: 57, side: Extent(height: 1, width: 4), columns: 40, padding: .valid,
      activation: .clip(minimum: -2, maximum: 9)),
    Stem(height: 14, width: 73, side: Extent(height: 5, width: 1), columns: 5),
    Stem(height: 15, width: 97, side: Extent(3), columns: 70, dilationDown: 2),
    Stem(height: 3, width: 40, side: Extent(7), columns: 48),
    Stem(height: 6, width: 29, side: Extent(3), columns: 64, strideAcross: 1),
    Stem(height: 5, width: 15, side: Extent(height: 2, width: 4), columns: 19, activation: .identity, strideAcross: 1),
    Stem(height: 8, width: 21, side: Extent(height: 5, width: 7), columns: 33, padding: .valid, strideAcross: 1),
  ]

  @Test(arguments: stems) func `Whole numbers give the reference's values bit for bit`(stem: Stem) throws {
    var network = try stem.network(.integers)
    try Self.expectImage(network.graph, .float32)
    try expectReference(network.graph, for: network.input(), .exact)
  }

  @Test(arguments: stems, [Activation.hardSwish, .silu, .tanh])
  func `Floats and functions stay within the bound of their sums`(stem: Stem, function: Activation) throws {
    var stem = stem
    if stem.width % 2 == 1 { stem.activation = function }
    var network = try stem.network(.floats)
    try expectReference(network.graph, for: network.input(), .rounded)
  }

  /// Whether int8 plans find its integers worth their while: those of every window of a pixel always.
  private static func isLarge(_ graph: Graph) -> Bool {
    if case .convolution(let layer) = graph.nodes[1].operation, layer.window.stride.width == 1 { return true }
    let weights = graph.tensors[graph.nodes[1].parameters[0]].elementCount
    return graph.nodes[1].shape.channels >= 20 + 640 / (weights / graph.nodes[1].shape.channels)
  }

  private static func expectImage(_ graph: Graph, _ precision: Precision) throws {
    for set in InstructionSet.supported {
      let plan = try Plan(graph, instructionSet: set, precision: precision, pool: testPool)
      let isShort = set.kernels.shortRate > 1 && (precision == .bfloat16 || precision == .int8 && isLarge(graph))
      let kernel = "product of image, \(isShort ? "int16" : "fp32")"
      #expect(plan.stageDescriptions.contains { $0.kernel == kernel }, "\(set)")
    }
  }

  @Test func `An image that is too narrow for a tile, or has another stride, is gathered`() throws {
    for (width, stride) in [(9, 2), (5, 1), (60, 3)] {
      var network = try RandomWeighted(.map(height: 9, width: width, channels: 3), seed: 1, .integers)
      try network.append(
        .convolution(Convolution(window: Window(size: Extent(3), stride: Extent(stride)), outputChannels: 8)))
      for set in InstructionSet.supported {
        let plan = try Plan(network.graph, instructionSet: set, pool: testPool)
        #expect(plan.stageDescriptions.contains { $0.kernel == "gather + product, fp32" }, "\(set)")
      }
      try expectReference(network.graph, for: network.input(), .exact)
    }
  }

  private static let ways: [(set: InstructionSet, precision: Precision)] = InstructionSet.supported.flatMap { set in
    set.kernels.shortRate > 1 ? [(set, .bfloat16), (set, .int8)] : []
  }

  @Test(arguments: ways, stems) func `Integers of 16 bits give the bits of plain loops`(
    way: (set: InstructionSet, precision: Precision), stem: Stem
  ) throws {
    var network = try stem.network(.floats)
    let graph = network.graph
    let input = network.input()
    try Self.expectImage(graph, way.precision)
    guard way.precision == .bfloat16 || Self.isLarge(graph) else { return }
    let expected = try Self.expected(graph, input, way.set)
    let plan = try Plan(graph, instructionSet: way.set, precision: way.precision, pool: testPool)
    for threads in 1...3 {
      let found = try Executor(plan: plan, pool: testPool).run(input, threads: threads)
      if let wrong = found.indices.first(where: { found[$0] != expected[$0] }) {
        Issue.record("\(threads) threads: value \(wrong) is \(found[wrong]), expected \(expected[wrong])")
      }
    }
  }

  /// Each row of the output has one scale for all values that its windows cover.
  private static func expected(_ graph: Graph, _ input: [Float], _ set: InstructionSet) throws -> [Float] {
    let node = graph.nodes[1]
    guard case .convolution(let convolution) = node.operation,
      case .map(let height, let width, let columns) = node.shape,
      case .map(let inputHeight, let inputWidth, _) = graph.inputShape,
      let placement = convolution.window.placement(on: Extent(height: inputHeight, width: inputWidth))
    else { preconditionFailure("expected a convolution") }
    let (size, stride, dilation) = (convolution.window.size, convolution.window.stride, convolution.window.dilation)
    let kernel = try graph.tensors[node.parameters[0]].values()
    let bias = try graph.tensors[node.parameters[1]].values()
    let taps = size.height * size.width * 3
    let limit = Float(set.kernels.shortLimit(channels: size.height * ((size.width * 3 + 1) / 2 * 2)))
    let weights = (0..<columns).map { column in
      ShortRow((0..<taps).map { kernel[$0 * columns + column] }, limit: limit, isFused: true)
    }
    return (0..<height).flatMap { y in
      let covered = 0..<(width - 1) * stride.width + size.width
      let rows = (0..<size.height).map { tap in
        covered.flatMap { x in
          (0..<3).map { channel -> Float in
            let (row, column) = (y * stride.height - placement.top + tap * dilation.height, x - placement.left)
            guard row >= 0, row < inputHeight, column >= 0, column < inputWidth else { return 0 }
            return input[(row * inputWidth + column) * 3 + channel]
          }
        }
      }
      let words = ShortRow(rows.flatMap { $0 }, limit: limit, isFused: true)
      return (0..<width).flatMap { x in
        let window = (0..<taps).map {
          words.integers[$0 / (size.width * 3) * covered.count * 3 + x * stride.width * 3 + $0 % (size.width * 3)]
        }
        var row = words
        row.integers = window
        return (0..<columns).map { column in
          let value = bias[column].addingProduct(row.sum(weights[column]), row.scale * weights[column].scale)
          return Float(convolution.epilogue.activation(Double(value)))
        }
      }
    }
  }

  @Test(arguments: ways.filter { $0.precision == .bfloat16 })
  func `A row of the output that sees what is no number is no number, and no other`(
    way: (set: InstructionSet, precision: Precision)
  ) throws {
    for value in [Float.nan, .infinity, -.infinity] {
      let stem = Stem(height: 16, width: 40, side: Extent(3), columns: 12, padding: .valid, activation: .identity)
      var network = try stem.network(.floats)
      var input = network.input()
      input[(8 * 40 + 21) * 3 + 1] = value
      let plan = try Plan(network.graph, instructionSet: way.set, precision: way.precision, pool: testPool)
      let found = try Executor(plan: plan, pool: testPool).run(input)
      let width = 19 * 12
      for row in 0..<found.count / width {
        #expect(found[row * width..<(row + 1) * width].allSatisfy { $0.isNaN == (row >= 6 && row <= 8) }, "row \(row)")
      }
    }
  }
}
