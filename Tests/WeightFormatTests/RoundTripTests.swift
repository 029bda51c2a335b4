import ModelGraph
import Testing

@testable import WeightFormat

@Suite("What is written is what is read")
struct RoundTripTests {
  @Test(arguments: ElementType.allCases, WeightFile.StorageProfile.allCases)
  func `Every element type, in both profiles`(type: ElementType, profile: WeightFile.StorageProfile) throws {
    for weights in [SampleModels.Weights.random, .zero] {
      try expectRoundTrip(try SampleModels.small(kernelType: type, weights: weights), profile: profile)
    }
  }

  @Test(
    arguments: SampleModels.ofOperations.keys.sorted(), WeightFile.StorageProfile.allCases
  )
  func `Every operation and every attribute`(name: String, profile: WeightFile.StorageProfile) throws {
    try expectRoundTrip(try SampleModels.ofOperations[name]!(), profile: profile)
  }

  @Test func `The sample models have every operation and every activation`() throws {
    let nodes = try SampleModels.ofOperations.values.flatMap { try $0().graph.nodes }
    var writer = ByteWriter()
    #expect(Set(try nodes.map { try $0.operation.encode(to: &writer) }) == Set(OperationCode.allCases))
    let activations = nodes.compactMap {
      if case .activation(let activation) = $0.operation { activation.code } else { nil }
    }
    #expect(Set(activations) == Set(Activation.examples.map(\.code)))
    #expect(Activation.examples.map(\.code) == Array(0..<UInt32(Activation.examples.count)))
  }

  @Test(arguments: Metadata.Output.allCases)
  func `Every kind of output, and the names of no and of yes`(output: Metadata.Output) throws {
    var model = try SampleModels.yesOrNo()
    model.metadata.output = output
    try expectRoundTrip(model, profile: .compact)
    model.metadata.labels = ["yes"]
    try expectRoundTrip(model, profile: .compact)
  }

  @Test(arguments: WeightFile.StorageProfile.allCases)
  func `A tensor of several blocks, whose last is shorter`(profile: WeightFile.StorageProfile) throws {
    let model = try SampleModels.severalBlocks()
    let read = try expectRoundTrip(model, profile: profile)
    let contents = read.model.graph.tensors[0].contents
    let bytes = try model.graph.tensors[0].bytes()
    #expect(contents.blockCount == 2)
    var next = 0
    for block in 0..<contents.blockCount {
      try unsafe contents.withBlock(block) { part, offset in
        #expect(offset == next)
        #expect(unsafe part.elementsEqual(bytes[offset..<offset + part.count]))
        next = offset + part.count
      }
    }
    #expect(next == bytes.count)
  }

  @discardableResult
  private func expectRoundTrip(_ model: Model, profile: WeightFile.StorageProfile) throws -> WeightFile {
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
