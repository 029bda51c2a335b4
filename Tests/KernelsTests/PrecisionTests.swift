import ModelGraph
import Optimizer
import Reference
import TestSupport
import Testing

@testable import Runtime

/// Steps on maps of bf16, and products of bf16 numbers and of integers, against plain loops that round where they do.
@Suite struct PrecisionTests {
  /// One way of running bf16 plans: on an instruction set, multiplying bf16 numbers or widened weights.
  private static let bfloat16Ways: [(set: InstructionSet, multiplies: Bool)] = InstructionSet.supported.flatMap { set in
    (set.kernels.isNative(.bfloat16) ? [true, false] : [false]).map { (set, $0) }
  }

  /// - Parameter shortRows: See `PlanOptions.shortRowChannels`.
  func expectBFloat16(_ graph: Graph, for input: [Float], _ what: String, shortRows: Int = 0) throws {
    for multiplies in Set(Self.bfloat16Ways.map(\.multiplies)) {
      var options = PlanOptions()
      options.bfloat16Products = multiplies
      options.winogradChannels = .max
      options.multipliesShorts = false
      options.shortRowChannels = shortRows
      let expected = try PlannedReference(
        graph, .bfloat16, multipliesBFloat16: multiplies, shortRows: shortRows
      ).run(input)
      for (set, _) in Self.bfloat16Ways.filter({ $0.multiplies == multiplies }) {
        let plan = try Plan(graph, instructionSet: set, precision: .bfloat16, options: options, pool: testPool)
        try expectBits(plan, expected, for: input, "\(what), \(multiplies)")
      }
    }
    try expectShorts(graph, .bfloat16, for: input, what, shortRows: shortRows)
  }

  /// Plans that multiply 16-bit integers where bf16 numbers or bytes would be too coarse, or bf16 numbers are not fast.
  func expectShorts(
    _ graph: Graph, _ precision: Precision, for input: [Float], _ what: String, shortRows: Int = 0
  ) throws {
    for set in InstructionSet.supported where set.kernels.shortRate > 1 && !set.multipliesBFloat16Fast {
      var options = PlanOptions()
      options.winogradChannels = .max
      options.shortRowChannels = shortRows
      let plan = try Plan(graph, instructionSet: set, precision: precision, options: options, pool: testPool)
      // A row of these has the scale of a row of the image; `ImageProductTests` has them.
      if plan.stageDescriptions.contains(where: { $0.kernel == "product of image, int16" }) { continue }
      let expected = try PlannedReference(
        graph, precision, shortRows: shortRows, shorts: (set.kernels, options)
      ).run(input)
      try expectBits(plan, expected, for: input, "\(what), 16-bit integers")
    }
  }

  func expectInt8(_ graph: Graph, for input: [Float], _ what: String) throws {
    var options = PlanOptions()
    options.winogradChannels = .max
    options.multipliesShorts = false
    for (set, multiplies) in Self.bfloat16Ways {
      options.bfloat16Products = multiplies
      let reference = try PlannedReference(
        graph, .int8, isFused: set != .portable, multipliesBFloat16: multiplies)
      let plan = try Plan(graph, instructionSet: set, precision: .int8, options: options, pool: testPool)
      try expectBits(plan, reference.run(input), for: input, "\(what), \(multiplies)")
    }
  }

  func expectBits(_ plan: Plan, _ expected: [Float], for input: [Float], _ what: String) throws {
    let executor = Executor(plan: plan, pool: testPool)
    for threads in [1, 3] {
      let found = try executor.run(input, threads: threads)
      let wrong = zip(found, expected).enumerated().first { $1.0 != $1.1 && !($1.0.isNaN && $1.1.isNaN) }
      if let (index, values) = wrong {
        Issue.record(
          """
          \(what), \(plan.instructionSet), \(threads) threads: value \(index) of \(found.count) is \(values.0), expected \
          \(values.1)
          """)
      }
      #expect(found.count == expected.count)
    }
  }

  // MARK: bf16

  @Test(arguments: 0..<30)
  func `Random graphs of whole numbers in bf16 give the reference's bits`(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(40_000 + seed), steps: 8, values: .integers)
    let input = random.input()
    try expectBFloat16(random.graph, for: input, "as it is")
    try expectBFloat16(try Optimizer.optimize(random.graph), for: input, "optimized")
  }

  @Test(arguments: 0..<30)
  func `Windows over maps of bf16 give the reference's bits`(seed: Int) throws {
    var layer = try RandomLayer(seed: seed, .integers)
    let graph = try layer.graph(kind: seed % 4)
    try expectBFloat16(graph, for: layer.input(), "\(graph.nodes.last!.operation)")
  }

  @Test(arguments: 0..<20)
  func `Pools, sums and joined channels of bf16 give the reference's bits`(seed: Int) throws {
    var layer = try RandomLayer(seed: 500 + seed, .floats)
    let graph = try layer.mapGraph()
    let input = layer.input()
    try expectInt8(graph, for: input, "seed \(seed)")
  }

  @Test(arguments: 0..<20)
  func `Weights of bf16 that stay 16 bits wide in fp32 plans give the same bits`(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(70_000 + seed), steps: 8, values: .integers)
    let input = random.input()
    let graph = try Quantizer.quantize(try Optimizer.optimize(random.graph), to: .bfloat16).graph
    let expected = try ReferenceExecutor(graph).run(input)
    var options = PlanOptions()
    options.keepsBFloat16Weights = true
    options.strassenChannels = 32
    options.strassenPositions = 1
    for set in InstructionSet.supported {
      let plan = try Plan(graph, instructionSet: set, precision: .float32, options: options, pool: testPool)
      try expectBits(plan, expected, for: input, "seed \(seed)")
    }
  }

  // MARK: Operations that multiply no matrices

  /// All that they compute is rounded as the reference rounds it, on maps of each kind and in rows of plain loops.
  @Test(arguments: 0..<60)
  func `Operations on values give the reference's bits in each precision`(seed: Int) throws {
    var layer = try RandomLayer(seed: 7000 + seed, seed % 3 == 0 ? .integers : .floats)
    let graph = try layer.operations(count: 4, exact: seed % 3 == 0)
    let input = layer.input()
    let what = graph.nodes.dropFirst(3).map { "\($0.operation)" }.joined(separator: ", ")
    for graph in [graph, try Optimizer.optimize(graph)] {
      let expected = try PlannedReference(graph, .float32).run(input)
      for set in InstructionSet.supported {
        try expectBits(try Plan(graph, instructionSet: set, pool: testPool), expected, for: input, what)
      }
      try expectBFloat16(graph, for: input, what)
      try expectInt8(graph, for: input, what)
    }
  }

  /// Products of floats may be summed in another order, and a value beside the middle of two of bf16's be rounded to the other.
  @Test(arguments: OperationSample.all)
  func `Every operation gives the reference's values in each precision`(sample: OperationSample) throws {
    var layer = try RandomLayer(sample.input.asMap, seed: 11, .floats)
    let input = layer.input()
    let read = if case .vector = sample.input { try layer.network.append(.flatten, [2]) } else { 2 }
    try layer.network.append(sample.operation, [Int](repeating: read, count: sample.inputCount))
    let graph = layer.network.graph
    try expectReference(graph, for: input, .rounded)
    for precision in [Precision.bfloat16, .int8] {
      let expected = try PlannedReference(graph, precision).run(input)
      let largest = expected.reduce(0) { max($0, abs($1)) }
      for set in InstructionSet.supported {
        var options = PlanOptions()
        options.bfloat16Products = false
        let plan = try Plan(graph, instructionSet: set, precision: precision, options: options, pool: testPool)
        let found = try Executor(plan: plan, pool: testPool).run(input)
        try #require(found.count == expected.count)
        let error = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(error <= 0x1p-7 * largest, "\(set), \(precision)")
      }
    }
  }

  // MARK: int8

  @Test(arguments: 0..<40)
  func `Products of integers of whole numbers give the reference's bits`(seed: Int) throws {
    var layer = try RandomLayer(seed: 1000 + seed, .integers)
    let graph = try layer.graph(kind: seed % 4).withIntegerKernels(seed: seed, from: 3)
    try expectInt8(graph, for: layer.input(), "\(graph.nodes.last!.operation)")
  }

  /// What is gathered is not rounded before it is quantized, and integers are summed exactly.
  @Test(arguments: 0..<20)
  func `Products of integers of gathered floats give the reference's bits`(seed: Int) throws {
    var layer = try RandomLayer(seed: 2000 + seed, .floats)
    let graph = try layer.graph(kind: seed % 2).withIntegerKernels(seed: seed, from: 3)
    try expectInt8(graph, for: layer.input(), "\(graph.nodes.last!.operation)")
  }

  /// Sums of floats differ in their last bits with their order. An integer can differ, by one, only where such a sum is as
  /// near to a half as that: it then changes the output by a weight times both scales. What is stored is rounded to bf16.
  @Test(arguments: 0..<20)
  func `Products of integers of depthwise floats differ where a sum lies at a half`(seed: Int) throws {
    var layer = try RandomLayer(
      .map(height: 3, width: 2 + seed, channels: RandomShapes.channels[seed % 17]), seed: 3000 + seed, .floats)
    let graph = try layer.separable(40).withIntegerKernels(seed: seed, from: 3)
    let input = layer.input()
    let bounds = try QuantizingBound(graph).bounds(for: input)
    let expected = try PlannedReference(graph, .int8).run(input)
    var options = PlanOptions()
    options.multipliesShorts = false
    for set in InstructionSet.supported {
      let plan = try Plan(graph, instructionSet: set, options: options, pool: testPool)
      let found = try Executor(plan: plan, pool: testPool).run(input)
      for index in expected.indices where !(abs(found[index] - expected[index]) <= bounds[index]) {
        Issue.record("\(set): value \(index) is \(found[index]), expected \(expected[index]) within \(bounds[index])")
      }
    }
  }

  /// Sums of nine products that bf16 does not hold.
  @Test(arguments: [1, 16, 31, 32, 33])
  func `bf16 plans leave short rows as they are, int8 plans multiply floats as bf16`(channels: Int) throws {
    for columns in [5, 16, 24, 40] {
      var layer = try RandomLayer(.map(height: 5, width: 9, channels: channels), seed: channels, .integers)
      let graph = try layer.separable(columns)
      try expectBFloat16(graph, for: layer.input(), "\(channels) to \(columns)", shortRows: 32)
      try expectInt8(graph, for: layer.input(), "\(channels) to \(columns)")
    }
  }

  /// 361 pixels of 728 channels and more fill several tiles of several segments, and blocks.
  @Test(arguments: [(3, 5, 728, 70), (31, 20, 33, 33), (10, 10, 64, 96)])
  func `Many channels and many pixels give the reference's bits`(
    height: Int, width: Int, channels: Int, columns: Int
  ) throws {
    var layer = try RandomLayer(
      .map(height: height, width: width, channels: channels), seed: channels, .integers)
    let graph = try layer.pointwise(columns)
    try expectInt8(try graph.withIntegerKernels(from: 3), for: layer.input(), "\(channels)")
    try expectBFloat16(graph, for: layer.input(), "\(channels)")
  }

  /// Where taps have whole column panels of channels, rows are made of a packed map's words: read where they are, or copied
  /// first, with half a segment left over or none.
  @Test(arguments: [Extent(height: 1, width: 7), Extent(height: 7, width: 1), Extent(3)], [32, 64, 160])
  func `Windows over whole panels of channels give the reference's bits`(size: Extent, channels: Int) throws {
    for (stride, dilation) in [(1, 1), (2, 1), (1, 2)] {
      var layer = try RandomLayer(.map(height: 4, width: 9, channels: channels), seed: channels, .floats)
      let window = Window(size: size, stride: Extent(stride), dilation: Extent(dilation))
      try layer.network.append(.convolution(Convolution(window: window, outputChannels: 41)), [2])
      let what = "\(size), \(stride), \(dilation)"
      try expectInt8(try layer.network.graph.withIntegerKernels(from: 3), for: layer.input(), what)
      try expectShorts(layer.network.graph, .bfloat16, for: layer.input(), what)
    }
  }

  /// A normalization and the search for the largest magnitudes are one pass over rows of packed words.
  @Test(arguments: [Activation.identity, .relu, .relu6], [32, 64, 160, 512])
  func `Normalized pixels give the reference's bits`(activation: Activation, channels: Int) throws {
    for stride in [1, 2] {
      var layer = try RandomLayer(.map(height: 3, width: 11, channels: channels), seed: channels, .integers)
      let separable = SeparableConvolution(
        window: Window(size: Extent(1), stride: Extent(stride)), outputChannels: 41, hasDepthwiseBias: true,
        middleActivation: activation)
      try layer.network.append(.separableConvolution(separable), [2])
      try expectInt8(try layer.network.graph.withIntegerKernels(from: 3), for: layer.input(), "stride \(stride)")
      try expectShorts(layer.network.graph, .bfloat16, for: layer.input(), "stride \(stride)")
    }
  }

  @Test(arguments: [1, 3, 15, 16, 17, 33, 100], [1, 4, 15, 16, 17, 31, 32, 33, 65])
  func `Dense layers widen their weights`(inputs: Int, outputs: Int) throws {
    var network = try RandomWeighted(.vector(inputs), seed: UInt64(inputs * outputs), .integers)
    try network.append(.dense(Dense(outputs: outputs, hasBias: outputs % 2 == 0, activation: .relu6)))
    let input = network.input()
    try expectBFloat16(network.graph, for: input, "dense")
    for set in InstructionSet.supported {
      let graph = try network.graph.withIntegerKernels(seed: outputs, scale: 0.5)
      let plan = try Plan(graph, instructionSet: set, pool: testPool)
      #expect(plan.stageDescriptions.contains { $0.kernel == "vector product, fp32 x int8" })
      try expectBits(plan, try ReferenceExecutor(graph).run(input), for: input, "dense")
    }
  }

  // MARK: Odd values

  /// Of a row with a NaN or an infinity every output is a NaN; a row of zeros, or of numbers too small to have a scale, gives
  /// the bias.
  @Test(arguments: [Float.nan, -.nan, .infinity, -.infinity, 0, 0x1p-130, 0x1p-126, 3e38, -3e38])
  func `Odd pixels change their own outputs only`(value: Float) throws {
    var layer = try RandomLayer(.map(height: 3, width: 9, channels: 40), seed: 3, .integers)
    let graph = try layer.pointwise(37).withIntegerKernels(from: 3)
    var input = layer.input()
    let plain = input
    for channel in 0..<40 where !value.isNaN || channel == 13 { input[11 * 40 + channel] = value }
    for set in InstructionSet.supported {
      let plan = try Plan(graph, instructionSet: set, pool: testPool)
      let executor = Executor(plan: plan, pool: testPool)
      let found = try executor.run(input)
      let usual = try executor.run(plain)
      for pixel in 0..<27 where pixel != 11 {
        #expect(found[pixel * 37..<(pixel + 1) * 37] == usual[pixel * 37..<(pixel + 1) * 37])
      }
      let odd = found[11 * 37..<12 * 37]
      if value.isFinite {
        #expect(odd.allSatisfy { $0.isFinite } || abs(value) > 1e38)
        let reference = try PlannedReference(graph, .int8, isFused: set != .portable).run(input)
        #expect(odd == reference[11 * 37..<12 * 37])
      } else {
        #expect(odd.allSatisfy { $0.isNaN }, "\(set): \(odd)")
      }
    }
  }
}

extension Shape {
  /// A vector as the channels of one position.
  fileprivate var asMap: Shape {
    if case .vector(let count) = self { .map(height: 1, width: 1, channels: count) } else { self }
  }
}
