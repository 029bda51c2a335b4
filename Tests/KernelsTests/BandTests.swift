import ModelGraph
import Reference
import TestSupport
import Testing

@testable import Runtime

/// Convolutions in int8 whose windows are copied from bands of bytes.
@Suite struct BandTests {
  /// A convolution of a map of bf16, which is the result of ReLU or not.
  private static func layer(
    _ shape: Shape, _ window: Window, columns: Int, isPositive: Bool, input: Activation = .identity, seed: Int = 1
  ) throws -> (graph: Graph, input: [Float]) {
    var layer = try RandomLayer(shape, seed: seed, .floats)
    let map = isPositive ? try layer.network.append(.activation(.relu), [2]) : 2
    try layer.network.append(
      .convolution(Convolution(window: window, outputChannels: columns, inputActivation: input)), [map])
    return (try layer.network.graph.withIntegerKernels(seed: seed, from: map + 1), layer.input())
  }

  private static let windows: [Extent] = [
    Extent(height: 1, width: 7), Extent(height: 7, width: 1), Extent(3), Extent(height: 5, width: 2), Extent(5),
  ]

  /// Of channels that are a whole number of words or vectors, or neither; over maps of one band and of several.
  @Test(arguments: windows, [1, 3, 32, 33, 48, 63, 64, 80, 160])
  func `Windows over bands of bytes give the reference's bits`(size: Extent, channels: Int) throws {
    for (index, (height, width, stride, padding)) in [
      (1, 9, 1, Padding.same), (13, 4, 1, .same), (11, 8, 1, .valid), (9, 16, 2, .same),
    ].enumerated() where padding == .same || height >= size.height && width >= size.width {
      let stride = Extent(height: min(stride, size.height), width: min(stride, size.width))
      let (graph, input) = try Self.layer(
        .map(height: height, width: width, channels: channels), Window(size: size, stride: stride, padding: padding),
        columns: 19, isPositive: index % 2 == 0, input: index == 3 ? .relu6 : .identity, seed: channels)
      try PrecisionTests().expectInt8(graph, for: input, "\(size), map \(index)")
    }
  }

  /// A scale for a band is coarser than one for each window, and bytes of 0 to 255 finer than those of -127 to 127. A map that
  /// is rectified as it is read, which changes nothing here, has a scale for each window.
  @Test(arguments: InstructionSet.supported) func `The error is no larger than that of a scale for each window`(
    set: InstructionSet
  ) throws {
    for size in Self.windows {
      for isUneven in [false, true] {
        let bands = try error(size, isUneven: isUneven, isPositive: true, set)
        let windows = try error(size, isUneven: isUneven, isPositive: true, input: .relu, set)
        #expect(bands < windows, "\(size)")
      }
      #expect(try error(size, isUneven: false, isPositive: false, set) < 0.005)
    }
  }

  /// The relative error of a convolution in the L2 norm. bf16's of the result itself is 0.0017.
  ///
  /// - Parameter isUneven: Whether most of the map is an eighth of the rest.
  private func error(
    _ size: Extent, isUneven: Bool, isPositive: Bool, input activation: Activation = .identity, _ set: InstructionSet
  ) throws -> Double {
    let (graph, values) = try Self.layer(
      .map(height: 17, width: 17, channels: 64), Window(size: size, padding: .same), columns: 40,
      isPositive: isPositive, input: activation)
    var input = values
    if isUneven { for index in input.indices where index / 64 % 17 > 5 { input[index] *= 0.125 } }
    var options = PlanOptions()
    options.winogradChannels = .max
    let plan = try Plan(graph, instructionSet: set, precision: .int8, options: options, pool: testPool)
    let found = try Executor(plan: plan, pool: testPool).run(input)
    let exact = try ReferenceExecutor(graph).run(input)
    let error = zip(found, exact).reduce(0) { $0 + pow2($1.0 - $1.1) }
    return (error / exact.reduce(0) { $0 + pow2($1) }).squareRoot()
  }

  private func pow2(_ value: Float) -> Double { Double(value) * Double(value) }

  @Test(arguments: InstructionSet.supported) func `A pixel that is not a number spoils its bands only`(
    set: InstructionSet
  ) throws {
    let (graph, input) = try Self.layer(
      .map(height: 40, width: 5, channels: 48), Window(size: Extent(5), padding: .same), columns: 33, isPositive: false)
    let executor = Executor(
      plan: try Plan(graph, instructionSet: set, precision: .int8, pool: testPool), pool: testPool)
    let usual = try executor.run(input)
    var odd = input
    odd[(20 * 5 + 2) * 48 + 7] = .nan
    let found = try executor.run(odd)
    for y in 0..<40 {
      let row = y * 5 * 33..<(y + 1) * 5 * 33
      // Bands of 8 rows, which read two rows more on both sides.
      if (16..<24).contains(y) {
        #expect(found[row].allSatisfy { $0.isNaN })
      } else {
        #expect(found[row] == usual[row], "row \(y)")
      }
    }
  }
}
