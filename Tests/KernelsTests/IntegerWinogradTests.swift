import Kernels
import ModelGraph
import Reference
import TestSupport
import Testing

@testable import Runtime

/// Winograd's convolution with products of 16-bit integers, as bf16 and int8 plans have it, and with products of bytes.
@Suite struct IntegerWinogradTests {
  private static let shapes: [(height: Int, width: Int, channels: Int, columns: Int)] = [
    (1, 1, 32, 32), (4, 4, 33, 35), (5, 3, 65, 32), (7, 7, 40, 70), (14, 15, 35, 33), (3, 61, 32, 65), (17, 30, 64, 34),
  ]

  struct Way: CustomTestStringConvertible {
    var set: InstructionSet
    var precision: Precision
    var tiling = WinogradTiling.square

    var testDescription: String { "\(set), \(precision), \(kernel)" }

    var kernel: String { "Winograd \(tiling.name), \(isBytes ? "int8" : "int16")" }

    var isBytes: Bool { tiling == .bytes }

    /// The pixels of a window's side.
    var side: Int { tiling.pixels.width }

    var options: PlanOptions {
      var options = PlanOptions()
      options.weighsWinograd = false
      options.winogradChannels = 16
      options.multipliesShorts = false
      options.winogradTiling = tiling
      return options
    }
  }

  /// The sets that multiply 16-bit integers in one instruction take them in bf16 plans too.
  private static let ways = InstructionSet.supported.flatMap { set in
    let precisions: [Precision] = set.kernels.shortRate > 1 ? [.bfloat16, .int8] : [.int8]
    let bytes = Way(set: set, precision: .int8, tiling: .bytes)
    return precisions.flatMap { precision in
      [WinogradTiling.square, .five, .six].map { Way(set: set, precision: precision, tiling: $0) }
    } + (set.kernels.usesMatrixRegisters(.int8) ? [] : [bytes])
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
    _ index: Int, _ way: Way, on element: MapElementType = .bfloat16
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
          window: Window(size: Extent(way.tiling.taps), padding: .same), outputChannels: columns, hasBias: true,
          epilogue: Epilogue(addsResidual: addsResidual, activation: activation))), inputs)
    let graph = layer.network.graph
    return (
      way.precision == .int8 ? try graph.withIntegerKernels(seed: index, from: 3) : graph,
      element == .bfloat16 ? layer.input() : layer.network.input()
    )
  }

  /// What a plan must give, the residual being what its own plan gives.
  private static func expected(
    _ graph: Graph, _ input: [Float], _ way: Way, on element: MapElementType = .bfloat16
  ) throws -> [Float] {
    let node = graph.nodes[graph.nodes.count - 1]
    guard case .convolution(let convolution) = node.operation,
      case .map(let height, let width, let channels) = graph.inputShape
    else { preconditionFailure("expected a convolution") }
    let columns = convolution.outputChannels
    let pixels = element == .bfloat16 ? input.map(\.roundedToBFloat16) : input
    let kernel = try graph.tensors[node.parameters[0]].values()
    let bias = try graph.tensors[node.parameters[1]].values()
    let isFused = isFused(way.set)
    let sums =
      way.isBytes
      ? PlainByteWinograd(height: height, width: width, channels: channels, columns: columns, isFused: isFused)
        .run(pixels, kernel: kernel, bias: bias)
      : PlainWinograd(
        height: height, width: width, channels: channels, columns: columns,
        limit: Float(way.set.kernels.winogradLimit(channels: channels)), isFused: isFused, taps: way.tiling.taps,
        pixels: way.side
      ).run(pixels, kernel: kernel, bias: bias)
    var residual: [Float]?
    if convolution.epilogue.addsResidual {
      var shorter = graph
      shorter.nodes.removeLast()
      shorter.tensors.removeLast(node.parameters.count)
      residual = try executor(shorter, way).run(input)
    }
    return sums.indices.map { index in
      var value = sums[index]
      if let residual { value += residual[index] }
      return Float(convolution.epilogue.activation(Double(value))).roundedToBFloat16
    }
  }

  private static func executor(_ graph: Graph, _ way: Way, _ options: PlanOptions? = nil) throws -> Executor {
    Executor(
      plan: try Plan(
        graph, instructionSet: way.set, precision: way.precision, options: options ?? way.options, pool: testPool),
      pool: testPool)
  }

  @Test(arguments: ways, shapes.indices)
  func `Products of integers give the bits of plain loops`(way: Way, index: Int) throws {
    let (graph, input) = try Self.layer(index, way)
    let expected = try Self.expected(graph, input, way)
    for bytes in [1, 700 << 10] {
      var options = way.options
      options.winogradBytes = bytes
      let executor = try Self.executor(graph, way, options)
      #expect(executor.plan.stageDescriptions.contains { $0.kernel == way.kernel })
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
  @Test(
    arguments: ways.filter { $0.precision == .int8 && !$0.isBytes && $0.set.kernels.shortRate > 1 }, shapes.indices)
  func `A map of floats is multiplied in the same way where the weights are bytes`(way: Way, index: Int) throws {
    let (graph, input) = try Self.layer(index, way, on: .float32)
    let executor = try Self.executor(graph, way)
    #expect(executor.plan.stageDescriptions.contains { $0.kernel == way.kernel })
    #expect(try executor.run(input) == Self.expected(graph, input, way, on: .float32))
  }

  /// Relative errors in the L2 norm: products of bf16 numbers after the transforms come to 0.011.
  @Test(arguments: ways) func `The error is that of bf16 itself, or little more than that of bytes`(way: Way) throws {
    for index in Self.shapes.indices {
      let (graph, input) = try Self.layer(index, way)
      let found = try Self.executor(graph, way).run(input)
      let exact = try ReferenceExecutor(graph).run(input.map(\.roundedToBFloat16))
      let error = zip(found, exact).reduce(0) { $0 + pow2($1.0 - $1.1) }
      let norm = exact.reduce(0) { $0 + pow2($1) }
      #expect((error / norm).squareRoot() < (way.isBytes ? 0.015 : 0.005), "\(Self.shapes[index])")
    }
  }

  private func pow2(_ value: Float) -> Double { Double(value) * Double(value) }

  @Test(arguments: ways) func `A pixel that is not a number spoils its windows only`(way: Way) throws {
    let (graph, input) = try Self.layer(6, way)
    let executor = try Self.executor(graph, way)
    let usual = try executor.run(input)
    for value in [Float.nan, .infinity] {
      var odd = input
      odd[(10 * 30 + 10) * 64 + 3] = value
      let found = try executor.run(odd)
      for pixel in 0..<17 * 30 {
        let (y, x) = (pixel / 30, pixel % 30)
        let values = found[pixel * 34..<(pixel + 1) * 34]
        // Windows reach a pixel or two beyond theirs; not each of their pixels needs all points.
        let reach = way.tiling.taps / 2
        let windows = (10 - reach) / way.side...(10 + reach) / way.side
        if abs(y - 10) <= reach && abs(x - 10) <= reach {
          #expect(values.allSatisfy { $0.isNaN })
        } else if !windows.contains(y / way.side) || !windows.contains(x / way.side) {
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
    #expect(cost(7, 512).winograd((.square, .float32)) > cost(7, 512).direct(.float32))
    #expect(cost(14, 256).winograd((.square, .float32)) < cost(14, 256).direct(.float32))
    #expect(cost(56, 64).winograd((.square, .float32)) < cost(56, 64).direct(.float32))
  }
}
