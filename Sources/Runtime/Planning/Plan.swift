import Kernels
import ModelGraph
import Threads

/// A network made ready to run on one instruction set: its steps, its packed weights, and where each value is in
/// memory.
///
/// Immutable, so any number of executors and threads may share it.
package final class Plan: @unchecked Sendable {
  // Unchecked: the pointers are constant and what they point to is written in `init` only.

  package let instructionSet: InstructionSet
  package let precision: Precision
  /// Whether products multiply bf16 numbers, rather than fp32 numbers by weights that are widened from bf16.
  package let multipliesBFloat16: Bool
  package let inputShape: Shape
  package let outputShape: Shape
  /// The shape of the value that enters the classifier, or nil where there is no dense layer.
  package let featureShape: Shape?
  /// The shape of the map whose channel means the last layers read, or nil where the network does not end that way.
  package let mapShape: Shape?
  /// What each stage does, as profiles print it.
  package let stageDescriptions: [StageDescription]
  /// The memory of the values of one call, without the row panels and bands of its threads.
  package var arenaByteCount: Int { arenaWords * MemoryLayout<Float>.size }
  package var weightByteCount: Int { unsafe weightMemory.bytes.count }
  /// The packed weights, one block, which a plan of an equal graph with equal options can start from.
  package let packedWeights: PackedWeights

  let kernels: any KernelSet.Type
  let stages: ConstantArray<Stage>
  let steps: ConstantArray<PlannedStep>
  let maps: ConstantArray<FeatureMap>
  let arenaWords: Int
  let memberMemory: MemberScratchSizes
  /// A row of zeros as long as the longest row of any map.
  let zeroRow: BoundedPointer<Float>
  let weights: BoundedPointer<Float>
  private var weightMemory: AlignedMemory { packedWeights.memory }

  /// Chooses the kernels, lays out the memory, and packs the weights, in parallel and in the graph's order.
  ///
  /// - Parameters:
  ///   - graph: A valid graph; `Optimizer.optimize` makes it a fast one.
  ///   - precision: Of maps and products, or nil for that which the weights were stored for. In `int8` the products of
  ///     integer weights run in int8, all others in bf16, fp32 or integers of 16 bits.
  ///   - options: When the faster ways of computing the same are taken.
  ///   - packed: The weights of an equal plan; no tensor is read then.
  /// - Throws: `GraphError`, `OutOfMemory`, `PackedWeightsMismatch`, or what reading a tensor throws.
  package init(
    _ graph: Graph, instructionSet: InstructionSet = .best, precision: Precision? = nil,
    options: PlanOptions = PlanOptions(), packed: PackedWeights? = nil, pool: WorkerPool
  ) throws {
    try graph.validate()
    self.instructionSet = instructionSet
    self.precision = precision ?? graph.precision
    kernels = instructionSet.kernels
    inputShape = graph.inputShape
    outputShape = graph.outputShape
    featureShape = graph.featureNode.map { graph.nodes[$0].shape }
    mapShape = graph.lastMap.map { graph.nodes[$0].shape }
    multipliesBFloat16 = Self.multipliesBFloat16(self.precision, instructionSet, options)
    var lowering = Lowering(
      graph, kernels: kernels, precision: self.precision, multipliesBFloat16: multipliesBFloat16, options: options)
    lowering.lowerAll()
    var layout = try MemoryLayoutPlan(lowering, kernels: kernels)
    layout.placeConstants(&lowering)
    stageDescriptions = layout.stages.map { StageDescription($0, lowering: lowering, maps: layout.maps) }
    arenaWords = layout.arenaWords
    memberMemory = layout.memberMemory
    let zeroCount = max(layout.longestRow, WinogradTiling.mostPoints * kernels.panelWidth) + 4 * kernels.panelWidth
    let zeros = lowering.weights.reserve(zeroCount)
    packedWeights = try packed ?? PackedWeights(lowering.weights, pool: pool)
    guard packedWeights.fits(lowering.weights) else { throw PackedWeightsMismatch() }
    weights = packedWeights.memory.floats.constants
    zeroRow = weights.part(from: zeros, count: zeroCount)
    stages = ConstantArray(layout.stages)
    steps = ConstantArray(layout.steps)
    maps = ConstantArray(layout.maps)
  }

  package static func multipliesBFloat16(
    _ precision: Precision, _ instructionSet: InstructionSet, _ options: PlanOptions
  ) -> Bool {
    precision != .float32 && instructionSet.kernels.isNative(.bfloat16)
      && (options.bfloat16Products ?? instructionSet.multipliesBFloat16Fast)
  }

  deinit {
    stages.deallocate()
    steps.deallocate()
    maps.deallocate()
  }
}

/// A step, and what its place in the plan adds to it.
struct PlannedStep {
  var step: Step
  /// Which rows of its output are needed for rows of its stage's output.
  var demand: RowDemand
  /// Whether the border of its output holds remains of another value and must be cleared.
  var clearsBorder: Bool
}
