import Kernels
import ModelGraph
import Reference
import TestSupport
import Testing

@testable import Runtime

/// Products of 16-bit integers made of floats, as bf16 and int8 plans have them for the image and for weights that are not
/// integers.
@Suite struct ShortProductTests {
  private static let ways: [(set: InstructionSet, precision: Precision)] = InstructionSet.supported.flatMap { set in
    set.kernels.shortRate > 1 ? [(set, .bfloat16), (set, .int8)] : []
  }

  /// A convolution of the image: `side` x `side` windows with a stride of two.
  private static func stem(
    side: Int, channels: Int, columns: Int, _ activation: Activation
  ) throws -> RandomWeighted {
    var network = try RandomWeighted(.map(height: 23, width: 15, channels: channels), seed: 31, .floats)
    try network.append(
      .convolution(
        Convolution(
          window: Window(size: Extent(side), stride: Extent(2), padding: .valid), outputChannels: columns,
          hasBias: true,
          epilogue: Epilogue(activation: activation))))
    return network
  }

  private static func plan(_ graph: Graph, _ way: (set: InstructionSet, precision: Precision)) throws -> Plan {
    let plan = try Plan(graph, instructionSet: way.set, precision: way.precision, pool: testPool)
    #expect(plan.stageDescriptions.contains { $0.kernel == "gather + product, int16" })
    return plan
  }

  @Test(arguments: ways, [(side: 7, channels: 3, columns: 64), (5, 4, 33), (3, 17, 97), (1, 50, 35)])
  func `A convolution of the image gives the bits of plain loops`(
    way: (set: InstructionSet, precision: Precision), shape: (side: Int, channels: Int, columns: Int)
  ) throws {
    let (side, channels, columns) = shape
    for activation in [Activation.relu, .relu6] {
      var network = try Self.stem(side: side, channels: channels, columns: columns, activation)
      let graph = network.graph
      let input = network.input()
      let expected = try Self.expected(graph, input, side: side, channels: channels, columns: columns, way.set)
      let executor = Executor(plan: try Self.plan(graph, way), pool: testPool)
      for threads in 1...3 {
        let found = try executor.run(input, threads: threads)
        let wrong = found.indices.first { found[$0] != expected[$0] }
        if let wrong {
          Issue.record("\(threads) threads: value \(wrong) is \(found[wrong]), expected \(expected[wrong])")
        }
      }
    }
  }

  private static func expected(
    _ graph: Graph, _ input: [Float], side: Int, channels: Int, columns: Int, _ set: InstructionSet
  ) throws -> [Float] {
    let node = graph.nodes[1]
    guard case .convolution(let convolution) = node.operation, case .map(let height, let width, _) = node.shape,
      case .map(_, let inputWidth, _) = graph.inputShape
    else { preconditionFailure("expected a convolution") }
    let kernel = try graph.tensors[node.parameters[0]].values()
    let bias = try graph.tensors[node.parameters[1]].values()
    let depth = side * side * channels
    let limit = Float(set.kernels.shortLimit(channels: depth))
    let weights = (0..<columns).map { column in
      ShortRow((0..<depth).map { kernel[$0 * columns + column] }, limit: limit, isFused: true)
    }
    return (0..<height * width).flatMap { pixel in
      let corner = (pixel / width * 2, pixel % width * 2)
      let window = (0..<depth).map { index in
        let (y, x) = (corner.0 + index / channels / side, corner.1 + index / channels % side)
        return input[(y * inputWidth + x) * channels + index % channels]
      }
      let row = ShortRow(window, limit: limit, isFused: true)
      return (0..<columns).map { column in
        let value = bias[column].addingProduct(row.sum(weights[column]), row.scale * weights[column].scale)
        return Float(convolution.epilogue.activation(Double(value)))
      }
    }
  }

  /// Relative errors in the L2 norm: with bf16 numbers it is 0.002.
  @Test(arguments: ways) func `The error is a sixth of that of bf16`(
    way: (set: InstructionSet, precision: Precision)
  ) throws {
    var network = try Self.stem(side: 7, channels: 3, columns: 64, .identity)
    let input = network.input()
    let found = try Executor(plan: try Self.plan(network.graph, way), pool: testPool).run(input)
    let exact = try ReferenceExecutor(network.graph).run(input)
    let error = zip(found, exact).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let norm = exact.reduce(0) { $0 + Double($1) * Double($1) }
    #expect((error / norm).squareRoot() < 0.0003)
  }
}
