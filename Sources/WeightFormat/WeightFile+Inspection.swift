import ModelGraph

extension WeightFile {
  /// What a tensor takes in the file and in memory.
  package struct TensorSizes: Hashable, Sendable {
    package var name: String
    package var elementType: ElementType
    package var blockCount: Int
    /// The bytes of its blocks in the file, without padding.
    package var storedBytes: Int
    /// The bytes of its elements.
    package var inflatedBytes: Int
    /// The stored bytes of each byte plane, lowest first; of the stored profile, all in one.
    package var planeBytes: [Int]
  }

  package var version: Int { Int(FormatConstants.version) }
  package var requiredFeatures: RequiredFeatures { header.required }
  /// The bits of the optional features, none of which version 1 knows.
  package var optionalFeatures: UInt32 { header.optional }
  package var fileBytes: Int { header.fileLength }

  /// For each tensor, in the order of the graph's tensors.
  package var tensorSizes: [TensorSizes] {
    zip(model.graph.tensors, blockTable.blocks).map { tensor, blocks in
      let planes = profile == .compact ? tensor.elementType.byteCount : 1
      return TensorSizes(
        name: tensor.name, elementType: tensor.elementType, blockCount: blocks.count,
        storedBytes: blocks.reduce(0) { $0 + $1.length },
        inflatedBytes: tensor.elementCount * tensor.elementType.byteCount,
        planeBytes: (0..<planes).map { plane in blocks.reduce(0) { $0 + Int($1.planeLengths[plane]) } })
    }
  }
}
