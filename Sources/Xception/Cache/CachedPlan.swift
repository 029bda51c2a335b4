internal import ModelGraph
internal import Runtime
internal import Threads
internal import WeightFormat

/// What a cache knows of a weights file.
struct CachedPlan {
  let cache: WeightCache
  let file: WeightFile
  /// Nil where the file was changed just now.
  let key: PackedWeightsKey?
  /// Nil where the cache has no weights of this key that can be used.
  let plan: Plan?

  /// Nil where there is no cache, or no file.
  init?(of file: WeightFile?, _ instructionSet: InstructionSet, _ options: ReadyNetwork.Options, _ pool: WorkerPool) {
    guard let file, let cache = options.cache else { return nil }
    self.cache = cache
    self.file = file
    key = PackedWeightsKey(
      file, instructionSet: instructionSet, precision: options.precision, options: options.plan)
    plan = key.flatMap { cache.weights(of: $0, pool: pool) }.flatMap { packed in
      try? Plan(
        packed.graph, instructionSet: instructionSet, precision: options.precision, options: options.plan,
        packed: packed.weights, pool: pool)
    }
  }
}

/// What it takes to keep the weights of a plan that was made of a file.
struct UnkeptWeights {
  private let cache: WeightCache
  private let key: PackedWeightsKey?
  private let structure: [UInt8]

  /// Nil where the file is no longer the one that the weights were read from.
  ///
  /// - Parameter graph: The one that was planned.
  init?(_ cached: CachedPlan, _ graph: Graph) {
    guard cached.file.isUnchanged, let structure = try? graph.structure() else { return nil }
    cache = cached.cache
    key = cached.key
    self.structure = structure
  }

  /// - Throws: Why they are not kept.
  func keep(_ plan: Plan, pool: WorkerPool) throws {
    guard let key else { throw WeightCacheError.unsettled }
    // Another process may have kept them since.
    guard cache.weights(of: key, pool: pool) == nil else { return }
    try cache.keep(plan.packedWeights, structure: structure, key: key, pool: pool)
  }
}
