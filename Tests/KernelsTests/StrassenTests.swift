import ModelGraph
import Optimizer
import Reference
import Runtime
import TestSupport
import Testing
import Threads

/// Strassen's product where a plan would take it for large layers only: on small ones, with blocks of a single tile.
@Suite struct StrassenTests {
  private static func options(blocks: Bool) -> PlanOptions {
    var options = PlanOptions()
    options.strassenChannels = 1
    options.strassenPositions = 1
    if blocks { options.strassenBytes = 0 }
    return options
  }

  private func separable(
    height: Int, width: Int, inputs: Int, outputs: Int, _ values: RandomWeights.Values
  ) throws -> (graph: Graph, input: [Float]) {
    var weights = RandomWeights(seed: UInt64(inputs + outputs), values: values)
    var builder = GraphBuilder()
    let input = try builder.append("input", .input(.map(height: height, width: width, channels: inputs)))
    let residual = try builder.append(
      "residual", .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: outputs)), [input]
    ) { weights.tensor("residual", $0, $1) }
    let separable = SeparableConvolution(
      window: Window(size: Extent(3)), outputChannels: outputs, hasDepthwiseBias: true, hasBias: true,
      inputActivation: .relu, epilogue: Epilogue(addsResidual: true, activation: .relu6))
    try builder.append("separable", .separableConvolution(separable), [input, residual]) {
      weights.tensor("separable", $0, $1)
    }
    return (builder.graph, weights.input(count: height * width * inputs))
  }

  /// Depths that divide into equal halves and that do not, numbers of column panels odd and even, the last one full,
  /// narrow and neither.
  @Test(arguments: [17, 32, 33, 50, 65], [33, 64, 72, 97, 110])
  func `Whole numbers give the reference's values`(inputs: Int, outputs: Int) throws {
    let (graph, input) = try separable(height: 3, width: 5, inputs: inputs, outputs: outputs, .integers)
    for blocks in [false, true] {
      try expectReference(graph, for: input, .exact, options: Self.options(blocks: blocks))
    }
  }

  /// Odd and even numbers of pixels, from one to two tiles of pairs and one.
  @Test(arguments: [1, 2, 3, 12, 13, 25, 27, 28, 29, 55, 56, 57, 59])
  func `Any number of pixels gives the reference's values`(pixels: Int) throws {
    let (graph, input) = try separable(height: 1, width: pixels, inputs: 40, outputs: 70, .integers)
    for blocks in [false, true] {
      try expectReference(graph, for: input, .exact, options: Self.options(blocks: blocks))
    }
  }

  /// Three rows of an image longer than the first-level cache has room for.
  @Test func `Long rows give the reference's values`() throws {
    let (graph, input) = try separable(height: 2, width: 190, inputs: 40, outputs: 70, .integers)
    try expectReference(graph, for: input, .exact, options: Self.options(blocks: false))
  }

  /// Plain sums have an error of up to depth * 2^-24 of the sum of magnitudes; a level of Strassen's adds about eight times
  /// as much in units of the largest value (Higham, "Accuracy and Stability of Numerical Algorithms", section 23.2.2).
  @Test func `The error is a few units of the largest value`() throws {
    let (graph, input) = try separable(height: 7, width: 7, inputs: 96, outputs: 96, .floats)
    let expected = try ReferenceExecutor(graph).run(input)
    let largest = expected.reduce(1) { max($0, abs($1)) }
    for set in InstructionSet.supported {
      let plan = try Plan(graph, instructionSet: set, options: Self.options(blocks: true), pool: testPool)
      let found = try Executor(plan: plan, pool: testPool).run(input)
      let error = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(error <= 64 * largest * 0x1p-24, "\(set): \(error)")
    }
  }

  @Test(arguments: 0..<40) func `Random graphs of whole numbers give the reference's values`(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(700 + seed), values: .integers)
    let graph = try Optimizer.optimize(random.graph)
    try expectReference(graph, for: random.input(), .exact, options: Self.options(blocks: seed % 2 == 0))
  }

  @Test func `The number of threads changes no bit`() throws {
    let (graph, input) = try separable(height: 9, width: 11, inputs: 70, outputs: 100, .floats)
    for set in InstructionSet.supported {
      var first: [Float]?
      for threads in [1, 2, 3, 5, 16] {
        let pool = WorkerPool(threads: threads)
        let plan = try Plan(graph, instructionSet: set, options: Self.options(blocks: false), pool: pool)
        let found = try Executor(plan: plan, pool: pool).run(input)
        #expect(found == first ?? found, "\(set), \(threads) threads")
        first = first ?? found
      }
    }
  }
}
