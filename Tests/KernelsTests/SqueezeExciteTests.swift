import ModelGraph
import TestSupport
import Testing
import Threads

@testable import Runtime

/// The channels of a map multiplied by what two small layers make of their means (Hu et al. 2018,
/// "Squeeze-and-Excitation Networks"), as mobile networks have it between a depthwise and a pointwise convolution.
@Suite struct SqueezeExciteTests {
  struct Block: Sendable {
    var side = 8
    var channels: Int
    var window = Window(size: Extent(3))
    /// Whether the means are a map of one pixel, or a vector.
    var keepsDimensions = true
    var gateComesFirst = false
    var addsResidual = false
    /// Whether the scaled map is read once more.
    var isReadAgain = false
    /// Whether the gate is read once more, between the product and its reader, by what could be written over it.
    var isGateReadAgain = false
    var lastWindow = Window(size: Extent(1))
    /// Of the depthwise convolution, and of the gate.
    var activations: (Activation, Activation) = (.relu6, .relu6)
  }

  private static let blocks: [Block] = [
    Block(channels: 5), Block(side: 4, channels: 33, keepsDimensions: false),
    Block(channels: 64, gateComesFirst: true), Block(side: 16, channels: 40, window: Window(size: Extent(5))),
    Block(channels: 64, window: Window(size: Extent(5), stride: Extent(2)), keepsDimensions: false),
    Block(channels: 70, addsResidual: true), Block(channels: 32, isReadAgain: true),
    Block(channels: 48, lastWindow: Window(size: Extent(3))),
    Block(channels: 64, lastWindow: Window(size: Extent(1), stride: Extent(2))),
    Block(channels: 64, isGateReadAgain: true),
  ]

  private static func network(_ block: Block, _ values: RandomWeights.Values) throws -> (Graph, [Float]) {
    let channels = block.channels
    func pointwise(_ outputs: Int, _ activation: Activation = .identity, addsResidual: Bool = false) -> Operation {
      .convolution(
        Convolution(
          window: Window(size: Extent(1)), outputChannels: outputs, hasBias: true,
          epilogue: Epilogue(addsResidual: addsResidual, activation: activation)))
    }
    var network = try RandomWeighted(.map(height: block.side, width: block.side, channels: 3), seed: 5, values)
    try network.append(pointwise(channels, .relu6))
    let map = try network.append(
      .convolution(
        Convolution(
          window: block.window, outputChannels: channels, groups: channels, hasBias: true,
          epilogue: Epilogue(activation: block.activations.0))))
    try network.append(.globalPool(GlobalPool(.average, keepsDimensions: block.keepsDimensions)))
    if block.keepsDimensions {
      try network.append(pointwise(4, .relu6))
      try network.append(pointwise(channels, block.activations.1))
    } else {
      try network.append(.dense(Dense(outputs: 4, activation: .relu6)))
      try network.append(.dense(Dense(outputs: channels, activation: block.activations.1)))
    }
    let gate = network.graph.nodes.count - 1
    let scaled = try network.append(.binary(.product), block.gateComesFirst ? [gate, map] : [map, gate])
    var inputs = [scaled]
    let gateAgain =
      block.isGateReadAgain ? try network.append(.activation(.clip(minimum: 2, maximum: 3)), [gate]) : nil
    if block.addsResidual { inputs.append(try network.append(pointwise(20), [map])) }
    let last = Convolution(
      window: block.lastWindow, outputChannels: 20, hasBias: true,
      epilogue: Epilogue(addsResidual: block.addsResidual))
    let projected = try network.append(.convolution(last), inputs)
    if let gateAgain {
      try network.append(.binary(.product), [projected, try network.append(pointwise(20), [gateAgain])])
    }
    if block.isReadAgain { try network.append(.concatenate, [projected, scaled]) }
    return (network.graph, network.input())
  }

  @Test(arguments: blocks.indices) func `Whole numbers give the reference's values bit for bit`(index: Int) throws {
    let (graph, input) = try Self.network(Self.blocks[index], .integers)
    try expectReference(graph, for: input, .exact)
  }

  @Test(arguments: blocks.indices) func `Whole numbers in bf16 give the reference's bits`(index: Int) throws {
    let (graph, input) = try Self.network(Self.blocks[index], .integers)
    try PrecisionTests().expectBFloat16(graph, for: input, "\(Self.blocks[index])")
  }

  @Test(arguments: blocks.indices) func `Integer weights give the reference's bits`(index: Int) throws {
    let (graph, input) = try Self.network(Self.blocks[index], .integers)
    try PrecisionTests().expectInt8(graph.withIntegerKernels(from: 3, scale: 0.5), for: input, "\(Self.blocks[index])")
  }

  @Test func `The mean and the product take no pass over the map of their own`() throws {
    for (index, block) in Self.blocks.enumerated() where !block.isGateReadAgain {
      let (graph, _) = try Self.network(block, .integers)
      let kernels = try Plan(graph, pool: testPool).stageDescriptions.map(\.kernel)
      #expect(kernels.contains("mean of sums") && !kernels.contains("mean"), "\(block)")
      let isFused = index < 6
      #expect(kernels.contains("product") != isFused, "\(block): \(kernels)")
      #expect(kernels.contains("scale + product, fp32") == isFused, "\(block): \(kernels)")
    }
  }

  @Test(arguments: InstructionSet.supported, Precision.allCases)
  func `Any number of threads gives the same bits`(set: InstructionSet, precision: Precision) throws {
    let block = Block(side: 37, channels: 96, window: Window(size: Extent(5)), activations: (.silu, .sigmoid))
    let (floats, input) = try Self.network(block, .floats)
    let graph = precision == .int8 ? try floats.withIntegerKernels() : floats
    let pool = WorkerPool(threads: 8)
    var options = PlanOptions()
    for turnBytes in [0, options.turnMapBytes] {
      options.turnMapBytes = turnBytes
      let plan = try Plan(graph, instructionSet: set, precision: precision, options: options, pool: pool)
      let executor = Executor(plan: plan, pool: pool)
      let expected = try executor.run(input, threads: 1).map(\.bitPattern)
      for threads in [2, 3, 5, 8] {
        #expect(try executor.run(input, threads: threads).map(\.bitPattern) == expected, "\(threads) threads")
      }
    }
  }
}
