import Architectures
import Kernels
import ModelGraph
import Optimizer
import TestSupport
import Testing
import Threads

@testable import Runtime

@Suite struct PlanTests {
  /// The stages and the memory of the full Xception, without its kernels: what is folded reads vectors only.
  private static func layout(
    side: Int, _ set: InstructionSet, precision: Precision = .float32
  ) throws -> (lowering: Lowering, layout: MemoryLayoutPlan) {
    var network = XceptionNetwork()
    network.input = .map(height: side, width: side, channels: 3)
    var weights = RandomWeights(seed: 1)
    var graph = try Optimizer.optimize(
      network.graph { node, role, dimensions in
        dimensions.count == 1 ? weights.tensor(node, role, dimensions) : DimensionsOnly.tensor(node, role, dimensions)
      })
    // As the quantizer has it.
    for node in graph.nodes where precision == .int8 {
      for tensor in node.parameters {
        let isKernel = graph.tensors[tensor].dimensions.count != 1
        var isPointwise = false
        if case .separableConvolution = node.operation { isPointwise = tensor != node.parameters[0] }
        guard isKernel, isPointwise || graph.tensors[tensor].elementCount >= 32768 else { continue }
        graph.tensors[tensor].elementType = .int8
      }
    }
    var lowering = Lowering(
      graph, kernels: set.kernels, precision: precision, multipliesBFloat16: true, options: PlanOptions())
    lowering.lowerAll()
    return (lowering, try MemoryLayoutPlan(lowering, kernels: set.kernels))
  }

  @Test(arguments: InstructionSet.supported, [71, 150, 299, 600])
  func `The arena is never larger than two layers and the residual that live at once`(set: InstructionSet, side: Int)
    throws
  {
    let (lowering, layout) = try Self.layout(side: side, set)
    var first = [Int: Int]()
    var last = [Int: Int]()
    for (index, stage) in layout.stages.enumerated() {
      for step in lowering.steps[stage.steps] {
        for map in step.reads.map(\.map) + (step.writes.map { [$0] } ?? []) where layout.maps[map].memory != .band {
          let root = lowering.values[map].root
          first[root] = first[root] ?? index
          last[root] = index
        }
      }
    }
    var largest = 0
    for stage in layout.stages.indices {
      let living = first.keys.filter { first[$0]! <= stage && stage <= last[$0]! }
      #expect(living.count <= 3, "stage \(stage)")
      // A panel behind each map is for vectors that reach over its end, and maps start on cache lines.
      let words = living.map { layout.maps[$0].wordCount + set.kernels.panelWidth + 16 }.reduce(0, +)
      largest = max(largest, words)
    }
    #expect(layout.arenaWords <= largest)
  }

  /// The values as the optimized graph has them: zero pixels beside the rows and channels padded to panels are the rest.
  @Test func `The arena of Xception is 10 MB`() throws {
    let (_, layout) = try Self.layout(side: 299, .best)
    let block4 = 37 * 37 * (728 + 728 + 256) * 4
    #expect(layout.arenaWords * 4 >= block4)
    #expect(Double(layout.arenaWords * 4) <= 1.1 * Double(block4))
  }

  /// Strassen's operands with the sums of its weights, or a block's rows; what other steps need beside their rows lies there too.
  @Test(arguments: InstructionSet.supported)
  func `A member's rows of Xception, with all that lies beside them, take what the largest step needs`(
    set: InstructionSet
  ) throws {
    for (precision, most) in [(Precision.float32, 2300), (.bfloat16, 730), (.int8, 730)] {
      let needs = try Self.layout(side: 299, set, precision: precision).1.memberMemory
      let kibibytes = needs.rowPanel * 4 / 1024
      #expect(kibibytes <= most, "\(precision): \(kibibytes), bands \(needs.bands * 4 / 1024)")
      #expect(needs.bands > 0)
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `Every step of Xception names its kernel`(set: InstructionSet) throws {
    let (lowering, _) = try Self.layout(side: 299, set)
    var counts = [String: Int]()
    for step in lowering.steps { counts[step.kernel, default: 0] += 1 }
    #expect(
      counts == [
        "copy in": 1, "product of image, fp32": 1, "gather + product, fp32": 4, "Winograd F(4x4,3x3), fp32": 1,
        "depthwise + product, fp32": 5, "depthwise + Strassen, fp32": 29, "max pool": 4, "mean": 1,
        "vector product, fp32": 1, "softmax": 1,
        "copy out": 3,
      ])
  }

  /// The first convolution reads the image, and the second one is done by Winograd's transforms.
  @Test(arguments: InstructionSet.supported)
  func `Every product of Xception runs in the precision that is meant`(set: InstructionSet) throws {
    for (precision, name) in [(Precision.bfloat16, "bf16"), (.int8, "int8")] {
      let (lowering, layout) = try Self.layout(side: 299, set, precision: precision)
      var counts = [String: Int]()
      for step in lowering.steps { counts[step.kernel, default: 0] += 1 }
      // The shortcut of block 2 is not rounded to bytes here, and multiplied as bf16 numbers then.
      let short = set.kernels.shortRate > 1 ? "int16" : "fp32"
      var expected = [
        "copy in": 1, "product of image, \(precision == .bfloat16 ? short : "fp32")": 1,
        "gather + product, bf16": precision == .int8 ? 1 : 4,
        "Winograd F(4x4,3x3), fp32": 1, "depthwise + product, \(name)": 34, "max pool": 4, "mean": 1,
        "vector product, fp32 x \(name)": 1, "softmax": 1, "copy out": 3,
      ]
      if precision == .int8 { expected["gather + product, int8"] = 3 }
      #expect(counts == expected)
      let stages = layout.stages.map { StageDescription($0, lowering: lowering, maps: layout.maps) }
      let all = lowering.graph.nodes.reduce(0) { $0 + lowering.graph.multiplyAdds(of: $1) }
      #expect(stages.reduce(0) { $0 + $1.multiplyAdds } == all)
      // The first convolution's map stays fp32.
      #expect(layout.arenaWords * 4 < (149 * 151 * 32 * 4 + 147 * 149 * 64 * 2) * 102 / 100)
    }
  }

  @Test func `The entry flow takes turns, and its stages' multiply-adds are the network's`() throws {
    let (lowering, layout) = try Self.layout(side: 299, .best)
    let stages = layout.stages.map { StageDescription($0, lowering: lowering, maps: layout.maps) }
    #expect(
      stages.contains {
        $0.name == "block2_sepconv1 ... block2_shortcut" && $0.kernel == "4 steps in turns of 2 rows, fp32"
      })
    #expect(stages.contains { $0.name == "block3_sepconv1 ... block3_shortcut" })
    #expect(stages.allSatisfy { !$0.name.isEmpty && !$0.kernel.isEmpty && !$0.shape.isEmpty })
    let all = lowering.graph.nodes.reduce(0) { $0 + lowering.graph.multiplyAdds(of: $1) }
    #expect(stages.reduce(0) { $0 + $1.multiplyAdds } == all)
  }

  @Test(arguments: [8, 32, 33, 64], [false, true])
  func `Short rows are multiplied as fp32 numbers in bf16 plans, floats in int8 plans as bf16 where that is fast`(
    channels: Int, isFast: Bool
  ) throws {
    var builder = GraphBuilder()
    try builder.append("input", .input(.map(height: 6, width: 6, channels: channels)))
    let separable = SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 48)
    try builder.append("separable", .separableConvolution(separable), [0]) { DimensionsOnly.tensor("weights", $0, $1) }
    func arithmetic(_ graph: Graph, _ precision: Precision) -> Arithmetic? {
      var lowering = Lowering(
        graph, kernels: InstructionSet.best.kernels, precision: precision, multipliesBFloat16: isFast,
        options: PlanOptions())
      lowering.lowerAll()
      return lowering.steps[1].arithmetic
    }
    let hasShorts = InstructionSet.best.kernels.shortRate > 1 && 48 >= 20 + 640 / channels
    let bfloat16: Arithmetic = isFast ? .bfloat16 : hasShorts ? .int16 : .bfloat16Weights
    #expect(arithmetic(builder.graph, .bfloat16) == (channels <= 32 ? .float32 : bfloat16))
    #expect(arithmetic(builder.graph, .int8) == (isFast ? .bfloat16 : hasShorts ? .int16 : .float32))
    #expect(arithmetic(builder.graph.withIntegerDimensions(), .int8) == .int8)
  }

  @Test func `A weight that cannot be read fails the plan with its reason`() throws {
    var builder = GraphBuilder()
    try builder.append("input", .input(.vector(40)))
    try builder.append("fc", .dense(Dense(outputs: 40)), [0]) { DimensionsOnly.tensor("fc", $0, $1) }
    #expect(throws: GraphError.self) { try Plan(builder.graph, pool: WorkerPool(threads: 3)) }
  }

  @Test func `A plan reports the size of its arena and weights`() throws {
    var builder = GraphBuilder()
    var weights = RandomWeights(seed: 1)
    try builder.append("input", .input(.map(height: 6, width: 6, channels: 32)))
    try builder.append(
      "conv", .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 64, hasBias: true)), [0]
    ) { weights.tensor("conv", $0, $1) }
    let plan = try Plan(builder.graph, pool: WorkerPool(threads: 1))
    #expect(plan.arenaByteCount >= 36 * (32 + 64) * 4)
    #expect(plan.weightByteCount >= 33 * 64 * 4)
    #expect(plan.featureShape == nil && plan.inputShape == builder.graph.inputShape)
  }

  @Test func `A border larger than any memory is refused`() throws {
    var builder = GraphBuilder()
    try builder.append("input", .input(.map(height: 1 << 15, width: 1, channels: 64)))
    let window = Window(size: Extent(4096), dilation: Extent(4096))
    try builder.append("convolution", .convolution(Convolution(window: window, outputChannels: 1)), [0]) {
      DimensionsOnly.tensor("convolution", $0, $1)
    }
    #expect(throws: OutOfMemory.self) { try Plan(builder.graph, pool: WorkerPool(threads: 1)) }
  }
}
