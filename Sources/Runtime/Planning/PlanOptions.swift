import ModelGraph

/// The sizes from which a plan uses methods that pay for large layers only; tests use them for small ones.
package struct PlanOptions: Hashable, Sendable {
  // The defaults suit a second-level cache of 1 MiB.

  /// Where steps take turns, how many rows of the last step's output a turn makes. Turns of 4 are as fast, and
  /// Xception's bands take 1.5 MB in fp32 instead of 0.9.
  package var turnRows = 2
  /// The size of a map from which the steps that make and read it take turns.
  package var turnMapBytes = 2 << 20
  /// The most weights of a step that takes turns, as every turn reads them.
  package var turnWeightBytes = 512 << 10
  /// The channels on both sides from which a convolution of 3 x 3, or in fp32 of 1 x 7 or 7 x 1, is done by Winograd's
  /// transforms.
  package var winogradChannels = 32
  /// The most weights of such a convolution, which take up to four times their memory.
  package var winogradWeights = Int.max
  /// Whether such a convolution is done directly where `ConvolutionCost` says that it is faster.
  package var weighsWinograd = true
  /// How windows of 3 x 3 are divided, where they can be; nil for what is estimated to be fastest.
  package var winogradTiling: WinogradTiling?
  /// The most memory of the row panels and sums of a block of its windows: for layers whose weights stay in a
  /// third-level cache, and for those whose weights come from memory again for each block.
  package var winogradBytes = 700 << 10
  package var largeWinogradBytes = 2200 << 10
  /// Whether bf16 and int8 plans multiply 16-bit integers where rows or weights are floats to them (see
  /// `Lowering.floatArithmetic`).
  package var multipliesShorts = true
  /// See `SeparableConvolution.shortRowChannels`.
  package var shortRowChannels = SeparableConvolution.shortRowChannels
  /// The channels on both sides, and the pixels, from which a level of Strassen's is used for a product.
  package var strassenChannels = 512
  package var strassenPositions = 64
  /// The most memory of the row panels of such a product: all of 361 pixels x 728 channels. With smaller blocks the
  /// sums of the weights would be made again for each; larger ones cost a quarter of the speed at 37 x 37.
  package var strassenBytes = 2200 << 10

  /// Whether bf16 plans, and int8 plans where weights are no integers, multiply bf16 numbers, rather than widen the weights and
  /// multiply fp32; nil takes what is fastest on this processor (`InstructionSet.multipliesBFloat16Fast`), 16-bit integers among
  /// it.
  package var bfloat16Products: Bool?
  /// Whether fp32 plans keep bf16 weights in 16 bits and widen them at each use: the same sums in half the memory, and slower.
  package var keepsBFloat16Weights = false

  package init() {}
}
