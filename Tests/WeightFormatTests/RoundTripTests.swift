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

  @Test("A tensor of several blocks, whose last is shorter", arguments: WeightFile.Profile.allCases)
  func severalBlocks(profile: WeightFile.Profile) throws {
    let model = try SampleModels.severalBlocks()
    let read = try expectRoundTrip(model, profile: profile)
    let contents = read.model.graph.tensors[0].contents
    let bytes = try model.graph.tensors[0].bytes()
    #expect(contents.blockCount == 2)
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
