import Kernels
import ModelGraph
import Reference
import TestSupport
import Testing

@testable import Runtime

/// Winograd's convolution with products of 16-bit integers, as bf16 and int8 plans have it.
@Suite struct ShortWinogradTests {
  private static let shapes: [(height: Int, width: Int, channels: Int, columns: Int)] = [
    (1, 1, 32, 32), (4, 4, 33, 35), (5, 3, 65, 32), (7, 7, 40, 70), (14, 15, 35, 33), (3, 61, 32, 65), (17, 30, 64, 34),
  ]

  private static var options: PlanOptions {
    var options = PlanOptions()
    options.weighsWinograd = false
    options.multipliesShorts = false
    return options
  }

  private static func isFused(_ set: InstructionSet) -> Bool {
    #if arch(x86_64)
      set != .portable
    #else
      true
    #endif
  }

  /// A convolution of a map of bf16, or of floats, and with a residual that of odd shapes.
  private static func layer(
    _ index: Int, _ precision: Precision, on element: MapElementType = .bfloat16
  ) throws -> (graph: Graph, input: [Float]) {
    let (height, width, channels, columns) = shapes[index]
    var layer = try RandomLayer(
      .map(height: height, width: width, channels: channels), seed: 600 + index, .floats)
    var inputs = [element == .bfloat16 ? 2 : 1]
    // The map of bf16 must be read too.
    let addsResidual = index % 2 == 1 || element == .float32
    if addsResidual {
      inputs.append(
        try layer.network.append(
          .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: columns)), [2]))
    }
    let activation = [Activation.relu6, .identity, .relu][index % 3]
    try layer.network.append(
      .convolution(
        Convolution(
          window: Window(size: Extent(3), padding: .same), outputChannels: columns, hasBias: true,
          epilogue: Epilogue(addsResidual: addsResidual, activation: activation))), inputs)
    let graph = layer.network.graph
    return (
      precision == .int8 ? try graph.withIntegerKernels(seed: index, from: 3) : graph,
      element == .bfloat16 ? layer.input() : layer.network.input()
    )
  }

  /// What a plan must give, the residual being what its own plan gives.
  private static func expected(
    _ graph: Graph, _ input: [Float], _ precision: Precision, _ set: InstructionSet,
    on element: MapElementType = .bfloat16
  ) throws -> [Float] {
    let node = graph.nodes[graph.nodes.count - 1]
    guard case .convolution(let convolution) = node.operation,
      case .map(let height, let width, let channels) = graph.inputShape
    else { preconditionFailure("expected a convolution") }
    let columns = convolution.outputChannels
    let plain = PlainWinograd(
      height: height, width: width, channels: channels, columns: columns,
      limit: Float(set.kernels.winogradLimit(channels: channels)), isFused: isFused(set))
    let pixels = element == .bfloat16 ? input.map(\.roundedToBFloat16) : input
    let sums = plain.run(
      pixels, kernel: try graph.tensors[node.parameters[0]].values(),
      bias: try graph.tensors[node.parameters[1]].values())
    var residual: [Float]?
    if convolution.epilogue.addsResidual {
      var shorter = graph
      shorter.nodes.removeLast()
      shorter.tensors.removeLast(node.parameters.count)
      residual = try executor(shorter, precision, set).run(input)
    }
    return sums.indices.map { index in
      var value = sums[index]
      if let residual { value += residual[index] }
      return Float(convolution.epilogue.activation(Double(value))).roundedToBFloat16
    }
  }

  private static func executor(
    _ graph: Graph, _ precision: Precision, _ set: InstructionSet, _ options: PlanOptions = options
  ) throws -> Executor {
    Executor(
      plan: try Plan(graph, instructionSet: set, precision: precision, options: options, pool: testPool),
      pool: testPool)
  }

  /// The sets that multiply 16-bit integers in one instruction take them in bf16 plans too.
  private static let ways: [(set: InstructionSet, precision: Precision)] = InstructionSet.supported.flatMap { set in
    (set.kernels.isNative(.int16) ? [.bfloat16, .int8] : [.int8]).map { (set, $0) }
  }

  @Test(arguments: ways, shapes.indices)
  func `Products of 16-bit integers give the bits of plain loops`(
    way: (set: InstructionSet, precision: Precision), index: Int
  ) throws {
    let (graph, input) = try Self.layer(index, way.precision)
    let expected = try Self.expected(graph, input, way.precision, way.set)
    for bytes in [1, 700 << 10] {
      var options = Self.options
      options.winogradBytes = bytes
      let executor = try Self.executor(graph, way.precision, way.set, options)
      #expect(executor.plan.stageDescriptions.contains { $0.kernel == "Winograd F(4x4,3x3), int16" })
      for threads in 1...3 {
        let found = try executor.run(input, threads: threads)
        let wrong = found.indices.first { found[$0] != expected[$0] }
        if let wrong {
          Issue.record("\(threads) threads: value \(wrong) is \(found[wrong]), expected \(expected[wrong])")
        }
      }
    }
  }

  /// As the first convolution of a network makes it.
  @Test(arguments: ways.filter { $0.precision == .int8 && $0.set.kernels.isNative(.int16) }, shapes.indices)
  func `A map of floats is multiplied in the same way where the weights are bytes`(
    way: (set: InstructionSet, precision: Precision), index: Int
  ) throws {
    let (graph, input) = try Self.layer(index, .int8, on: .float32)
    let executor = try Self.executor(graph, .int8, way.set)
    #expect(executor.plan.stageDescriptions.contains { $0.kernel == "Winograd F(4x4,3x3), int16" })
    #expect(try executor.run(input) == Self.expected(graph, input, .int8, way.set, on: .float32))
  }

  /// Relative errors in the L2 norm: products of bf16 numbers after the transforms come to 0.011.
  @Test(arguments: ways) func `The error is that of bf16 itself`(
    way: (set: InstructionSet, precision: Precision)
  ) throws {
    for index in Self.shapes.indices {
      let (graph, input) = try Self.layer(index, way.precision)
      let found = try Self.executor(graph, way.precision, way.set).run(input)
      let exact = try ReferenceExecutor(graph).run(input.map(\.roundedToBFloat16))
      let error = zip(found, exact).reduce(0) { $0 + pow2($1.0 - $1.1) }
      let norm = exact.reduce(0) { $0 + pow2($1) }
      #expect((error / norm).squareRoot() < 0.005, "\(Self.shapes[index])")
    }
  }

  private func pow2(_ value: Float) -> Double { Double(value) * Double(value) }

  @Test(arguments: ways) func `A pixel that is not a number spoils its windows only`(
    way: (set: InstructionSet, precision: Precision)
  ) throws {
    let (graph, input) = try Self.layer(6, way.precision)
    let executor = try Self.executor(graph, way.precision, way.set)
    let usual = try executor.run(input)
    for value in [Float.nan, .infinity] {
      var odd = input
      odd[(10 * 30 + 10) * 64 + 3] = value
      let found = try executor.run(odd)
      for pixel in 0..<17 * 30 {
        let (y, x) = (pixel / 30 / 4, pixel % 30 / 4)
        let values = found[pixel * 34..<(pixel + 1) * 34]
        // The window over rows 7 to 12 and columns 7 to 12 has it, and no other.
        if y == 2 && x == 2 {
          #expect(values.allSatisfy { $0.isNaN })
        } else {
          #expect(values == usual[pixel * 34..<(pixel + 1) * 34])
        }
      }
    }
  }

  /// Of the networks that gain: windows are few and weights many at 7 x 7, and bytes are fast at 14 x 14.
  @Test func `A convolution is done the way that is estimated to be faster`() throws {
    func cost(_ side: Int, _ channels: Int) -> ConvolutionCost {
      ConvolutionCost(
        channels: channels, columns: channels, taps: 9, output: .map(height: side, width: side, channels: channels),
        kernels: InstructionSet.portable.kernels)
    }
    #expect(cost(7, 512).winograd(.float32) > cost(7, 512).direct(.float32))
    #expect(cost(14, 256).winograd(.float32) < cost(14, 256).direct(.float32))
    #expect(cost(56, 64).winograd(.float32) < cost(56, 64).direct(.float32))
  }
}
