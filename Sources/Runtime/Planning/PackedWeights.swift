import Threads

/// The weights of a plan as its kernels read them: one block, whose bytes depend on the graph, the instruction set, the
/// precision and the options alone.
package struct PackedWeights: Sendable {
  package let memory: AlignedMemory
  /// Identifies the places in the block: two plans whose blocks are laid out in the same way have the same.
  package let fingerprint: UInt64

  /// The version of the code that packs; blocks of another version cannot be used.
  package static let version = WeightLayout.version

  package init(memory: AlignedMemory, fingerprint: UInt64) {
    self.memory = memory
    self.fingerprint = fingerprint
  }

  /// Packs the weights.
  init(_ layout: WeightLayout, pool: WorkerPool) throws {
    memory = try AlignedMemory(byteCount: layout.byteCount)
    fingerprint = layout.fingerprint
    try layout.pack(into: memory.floats, pool: pool)
  }

  func fits(_ layout: WeightLayout) -> Bool {
    unsafe memory.bytes.count == layout.byteCount && fingerprint == layout.fingerprint
  }
}

/// The packed weights do not belong to the plan that was to start from them.
package struct PackedWeightsMismatch: Error {}
