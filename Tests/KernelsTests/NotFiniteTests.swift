import ModelGraph
import Optimizer
import Reference
import TestSupport
import Testing

@testable import Runtime

/// What overflowed stays so: where the reference gives no finite number, no instruction set and no precision gives one.
@Suite struct NotFiniteTests {
  /// An operation on a map, or a few, of which one value is not finite.
  struct Case: Sendable, CustomStringConvertible {
    var description: String
    var isGrouped: Bool
    var append: @Sendable (inout RandomWeighted, _ odd: Int, _ finite: Int) throws -> Void

    init(
      _ description: String, isGrouped: Bool = false,
      _ append: @escaping @Sendable (inout RandomWeighted, Int, Int) throws -> Void
    ) {
      self.description = description
      self.isGrouped = isGrouped
      self.append = append
    }

    init(_ operation: Operation, _ description: String? = nil) {
      let groups = if case .convolution(let convolution) = operation { convolution.groups } else { 1 }
      self.init(description ?? operation.name, isGrouped: groups > 1 && groups < channels) { network, odd, _ in
        try network.append(operation, [odd])
      }
    }
  }

  private static let shape = OperationSample.map
  private static let channels = shape.channels

  private static func convolution(
    _ size: Int, _ outputs: Int, groups: Int = 1, stride: Int = 1, input: Activation = .identity,
    activation: Activation = .identity
  ) -> Operation {
    .convolution(
      Convolution(
        window: Window(size: Extent(size), stride: Extent(stride)), outputChannels: outputs, groups: groups,
        hasBias: true,
        inputActivation: input, epilogue: Epilogue(activation: activation)))
  }

  static let cases: [Case] =
    [1, 3, 5].flatMap { size in
      [1, 2].flatMap { stride in
        [1, 4, channels].map { groups in
          Case(
            convolution(size, 40, groups: groups == channels ? 1 : groups, stride: stride),
            "convolution of \(size) in \(groups) groups, every \(stride)")
        }
      }
    }
    + [.relu, .relu6, .sigmoid, .hardSwish, .gelu].map {
      Case(convolution(3, 32, activation: $0), "convolution and \($0)")
    }
    + [
      Case(convolution(3, channels, groups: channels), "depthwise"),
      Case(
        convolution(3, channels, groups: channels, input: .relu, activation: .relu6), "depthwise between rectifiers"),
      Case("convolution with a residual") { network, odd, finite in
        let residual = try network.append(convolution(1, 24), [finite])
        try network.append(
          .convolution(
            Convolution(window: Window(size: Extent(3)), outputChannels: 24, epilogue: Epilogue(addsResidual: true))),
          [odd, residual])
      },
      Case("residual that is not finite") { network, odd, finite in
        try network.append(
          .convolution(
            Convolution(
              window: Window(size: Extent(3)), outputChannels: channels, epilogue: Epilogue(addsResidual: true))),
          [finite, odd])
      },
    ]
    + [(Activation.identity, Activation.identity), (.relu, .identity), (.identity, .relu), (.relu, .elu(alpha: 1))].map
  {
    input, middle in
    Case(
      .separableConvolution(
        SeparableConvolution(
          window: Window(size: Extent(3)), outputChannels: 36, hasBias: true, inputActivation: input,
          middleActivation: middle)), "separable, \(input), \(middle)")
  }
    + [
      Case(.maxPool(Window(size: Extent(2), stride: Extent(2), padding: .valid))),
      Case(.globalPool(GlobalPool(.maximum))),
      Case("dense") { network, odd, _ in
        try network.append(.flatten, [odd])
        try network.append(.dense(Dense(outputs: 33)))
      },
      Case("dense and softmax") { network, odd, _ in
        try network.append(.globalPool(GlobalPool(.average)), [odd])
        try network.append(.dense(Dense(outputs: 33)))
        try network.append(.softmax)
      },
      Case("dense and sigmoid") { network, odd, _ in
        try network.append(.globalPool(GlobalPool(.average)), [odd])
        try network.append(.dense(Dense(outputs: 33)))
        try network.append(.activation(.sigmoid))
      },
      Case("add") { network, odd, finite in try network.append(.add, [finite, odd]) },
      Case("concatenate") { network, odd, finite in try network.append(.concatenate, [finite, odd]) },
    ]
    + OperationSample.all.filter { $0.input == shape && $0.inputCount == 1 }.map { Case($0.operation, "\($0)") }
    + Binary.allCases.flatMap { binary in
      [
        Case("\(binary)") { network, odd, finite in try network.append(.binary(binary), [finite, odd]) },
        Case("\(binary) the other way") { network, odd, finite in try network.append(.binary(binary), [odd, finite]) },
        Case("\(binary) of what is repeated") { network, odd, finite in
          let pooled = try network.append(.globalPool(GlobalPool(.maximum)), [odd])
          try network.append(.binary(binary), [finite, pooled])
        },
      ]
    }

  /// A map of random values in which one is `value`: an infinity is added there, or added and subtracted.
  private static func graph(_ value: Float, _ odd: Case) throws -> (graph: Graph, input: [Float]) {
    var network = try RandomWeighted(shape, seed: 7, .floats)
    var infinities = [Float](repeating: 0, count: shape.elementCount)
    infinities[(2 * 7 + 4) * channels + 13] = value.isNaN ? .infinity : value
    let constant = try network.append(.constant(shape), [], values: infinities)
    var node = try network.append(.add, [0, constant])
    if value.isNaN { node = try network.append(.binary(.difference), [node, constant]) }
    try odd.append(&network, node, 0)
    return (network.graph, network.input())
  }

  private static func check(
    _ plan: Plan, _ input: [Float], _ expected: [Float], spreads: Bool, _ what: String
  ) throws {
    let found = try Executor(plan: plan, pool: testPool).run(input)
    #expect(found.count == expected.count)
    for (index, (value, expected)) in zip(found, expected).enumerated() {
      let isRight =
        expected.isNaN
        ? value.isNaN
        : expected.isInfinite
          ? value == expected || value.isNaN && spreads
          : spreads && !value.isFinite || abs(value - expected) <= 1e-3 * max(1, abs(expected))
            || plan.precision != .float32
      if !isRight {
        Issue.record("\(what), \(plan.instructionSet): value \(index) is \(value), expected \(expected)")
        return
      }
    }
  }

  @Test(arguments: cases, [Float.nan, .infinity, -.infinity])
  func `In fp32 every operation gives what the reference gives`(odd: Case, value: Float) throws {
    let (graph, input) = try Self.graph(value, odd)
    let expected = try ReferenceExecutor(graph).run(input)
    for set in InstructionSet.supported {
      for winogradChannels in [Int.max, 1] {
        var options = PlanOptions()
        options.winogradChannels = winogradChannels
        let plan = try Plan(graph, instructionSet: set, precision: .float32, options: options, pool: testPool)
        // Winograd's transforms add what lies in one tile, and grouped convolutions multiply other groups' values by zeros.
        let spreads = winogradChannels == 1 || odd.isGrouped
        try Self.check(plan, input, expected, spreads: spreads, "\(odd) of \(value)")
      }
    }
  }

  @Test(arguments: cases, [Float.nan, .infinity, -.infinity])
  func `In bf16 and int8 no operation makes a number of what is none`(odd: Case, value: Float) throws {
    let (graph, input) = try Self.graph(value, odd)
    let expected = try ReferenceExecutor(graph).run(input)
    for precision in [Precision.bfloat16, .int8] {
      let quantized = try Optimizer.quantize(graph, to: precision).graph
      for set in InstructionSet.supported {
        let plan = try Plan(quantized, instructionSet: set, precision: precision, pool: testPool)
        try Self.check(plan, input, expected, spreads: true, "\(odd) of \(value) in \(precision)")
      }
    }
  }
}
