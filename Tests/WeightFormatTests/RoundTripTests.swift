import ModelGraph
import Testing
import WeightFormat

@Suite("What is written is what is read")
struct RoundTripTests {
  @Test("Every element type, in both profiles", arguments: ElementType.allCases, WeightFile.Profile.allCases)
  func elementTypes(type: ElementType, profile: WeightFile.Profile) throws {
    for weights in [SampleModels.Weights.random, .zero] {
      try expectRoundTrip(try SampleModels.small(kernelType: type, weights: weights), profile: profile)
    }
  }

  @Test("Every operation and every attribute", arguments: WeightFile.Profile.allCases)
  func operations(profile: WeightFile.Profile) throws {
    try expectRoundTrip(try SampleModels.everyOperation(), profile: profile)
  }

  @Test("Tensors of several blocks, whose last is shorter", arguments: WeightFile.Profile.allCases)
  func severalBlocks(profile: WeightFile.Profile) throws {
    for type in [ElementType.float32, .float16, .int8] {
      var builder = GraphBuilder()
      let input = try builder.append("in", .input(.vector(4)))
      try builder.append("dense", .dense(Dense(outputs: 300_007 / type.byteCount, hasBias: false)), [input]) {
        role, dimensions in
        Tensor(
          name: role, dimensions: dimensions, elementType: type,
          contents: MemoryContents(
            bytes: (0..<dimensions.reduce(type.byteCount, *)).map { UInt8(truncatingIfNeeded: $0 / 3 % 61) }),
          scale: type == .int8 ? [Float](repeating: 1, count: dimensions[1]) : nil)
      }
      var metadata = SampleModels.leastMetadata
      metadata.preprocessing.mean = [0, 0, 0, 0]
      metadata.preprocessing.standardDeviation = [1, 1, 1, 1]
      let model = Model(graph: builder.graph, metadata: metadata)
      let read = try expectRoundTrip(model, profile: profile)
      let contents = read.model.graph.tensors[0].contents
      let bytes = try model.graph.tensors[0].bytes()
      #expect(contents.blockCount == 3)
      var next = 0
      for block in 0..<contents.blockCount {
        try contents.withBlock(block) { part, offset in
          #expect(offset == next)
          #expect(part.elementsEqual(bytes[offset..<offset + part.count]))
          next = offset + part.count
        }
      }
      #expect(next == bytes.count)
    }
  }

  @discardableResult
  private func expectRoundTrip(_ model: Model, profile: WeightFile.Profile) throws -> WeightFile {
    let bytes = try WeightFile.bytes(of: model, profile: profile)
    #expect(try WeightFile.bytes(of: model, profile: profile) == bytes, "the same input gives the same bytes")
    let read = try WeightFile(bytes: bytes)
    #expect(read.profile == profile)
    #expect(read.model.metadata == model.metadata)
    #expect(read.model.graph.nodes == model.graph.nodes)
    try #require(read.model.graph.tensors.count == model.graph.tensors.count)
    for (found, expected) in zip(read.model.graph.tensors, model.graph.tensors) {
      #expect(found.name == expected.name)
      #expect(found.dimensions == expected.dimensions)
      #expect(found.elementType == expected.elementType)
      #expect(found.scale == expected.scale)
      #expect(try found.bytes() == expected.bytes())
    }
    #expect(try WeightFile.bytes(of: read.model, profile: profile) == bytes, "what was read is written the same")
    return read
  }
}
