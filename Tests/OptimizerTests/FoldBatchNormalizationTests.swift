import ModelGraph
import Testing

@testable import Optimizer

@Suite struct FoldBatchNormalizationTests {
  /// gamma / sqrt(variance) = 2, -3; beta - mean * factor = 5 - 14 = -9, 6 + 24 = 30.
  let weights: [String: [Float]] = ["gamma": [4, -12], "beta": [5, 6], "mean": [7, 8], "variance": [4, 16]]

  @Test func `A convolution keeps its kernel's contents and takes the factor as scale and the offset as bias`() throws {
    var small = try SmallGraph()
    try small.append("c", .pointwise(2))
    try small.append("bn", .normalization, weights)
    let folded = try FoldBatchNormalization().apply(to: small.graph)
    try folded.validate()
    #expect(folded.structure == ["input() = input", "c(input) = convolution 1x1 same + bias"])
    let kernel = folded.tensors[0]
    #expect(kernel.scale == [2, -3])
    #expect(
      try unsafe kernel.contents.withBytes { unsafe Array($0) }
        == small.graph.tensors[0].contents.withBytes { unsafe Array($0) })
    #expect(try folded.values("c/kernel") == [2, -6, 6, -12])
    #expect(try folded.values("c/bias") == [-9, 30])
  }

  @Test func `A bias is scaled and a kernel's own scale is multiplied`() throws {
    var small = try SmallGraph()
    try small.append("c", .pointwise(2, hasBias: true), ["bias": [10, 20]])
    try small.append("bn", .normalization, weights)
    var graph = small.graph
    graph.tensors[0].scale = [0.5, 0.25]
    let folded = try FoldBatchNormalization().apply(to: graph)
    #expect(folded.tensors.map(\.name) == ["c/kernel", "c/bias"])
    #expect(folded.tensors[0].scale == [1, -0.75])
    #expect(try folded.values("c/bias") == [11, -30])
  }

  @Test(arguments: [
    Operation.depthwise(2), .depthwise(2, multiplier: 2), .pointwise(4, stride: 2),
    .convolution(Convolution(window: Window(size: Extent(2)), outputChannels: 4, groups: 2)),
    .separableConvolution(SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 3)),
    .separableConvolution(
      SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 3, hasDepthwiseBias: true, hasBias: true)),
  ])
  func `Every kind of convolution folds along its output channels`(operation: Operation) throws {
    var small = try SmallGraph()
    try small.append("c", operation)
    try small.append("bn", .normalization)
    let folded = try FoldBatchNormalization().apply(to: small.graph)
    try folded.validate()
    #expect(folded.nodes.map(\.name) == ["input", "c"])
    #expect(folded.nodes[1].operation.hasBias)
    #expect(folded.tensors.count { $0.scale != nil } == 1)
  }

  @Test func `A dense layer folds, and a chain of normalizations folds whole`() throws {
    var small = try SmallGraph()
    try small.append("pool", .globalPool(GlobalPool(.average)))
    try small.append("d", .dense(Dense(outputs: 2)))
    try small.append("bn1", .normalization, weights)
    try small.append("bn2", .normalization, weights)
    let folded = try FoldBatchNormalization().apply(to: small.graph)
    try folded.validate()
    #expect(folded.structure.last == "d(pool) = dense + bias")
    #expect(folded.nodes.count == 3)
    // ((1, 2) * factor + offset) * factor + offset
    #expect(try folded.values("d/bias") == [-23, -42])
  }

  @Test func `A kernel that two convolutions share is scaled for one of them only`() throws {
    var small = try SmallGraph()
    try small.append("a", .pointwise(2))
    try small.append("b", .pointwise(2), reads: ["input"])
    try small.append("bn", .normalization, weights)
    try small.append("sum", .add, reads: ["a", "bn"])
    var graph = small.graph
    graph.nodes[2].parameters = [0]
    graph.tensors.remove(at: 1)
    graph.nodes[3].parameters = [1, 2, 3, 4]
    try graph.validate()
    let folded = try FoldBatchNormalization().apply(to: graph)
    try folded.validate()
    #expect(folded.tensors.map(\.name) == ["a/kernel", "a/kernel 2", "b/bias"])
    #expect(folded.tensors.map(\.scale) == [nil, [2, -3], nil])
    #expect(folded.nodes[1].parameters == [0])
    #expect(folded.nodes[2].parameters == [1, 2])
  }

  @Test func `What another node reads, what has no weights and what is activated already is not folded`() throws {
    var small = try SmallGraph()
    try small.append("bn0", .normalization)
    try small.append("c", .pointwise(2))
    try small.append("bn1", .normalization)
    try small.append("sum", .add, reads: ["c", "bn1"])
    try small.append("bn2", .normalization)
    try small.append(
      "r",
      .convolution(
        Convolution(window: Window(size: Extent(1)), outputChannels: 2, epilogue: Epilogue(activation: .relu))))
    try small.append("bn3", .normalization)
    #expect(try FoldBatchNormalization().apply(to: small.graph).structure == small.graph.structure)

    let replaced = try ReplaceBatchNormalization().apply(to: small.graph)
    try replaced.validate()
    #expect(replaced.nodes.map(\.name) == small.graph.nodes.map(\.name))
    #expect(replaced.structure[5] == "bn2(sum) = depthwise convolution 1x1 valid + bias")
    #expect(!replaced.nodes.contains { $0.operation == .normalization })
  }

  @Test func `What cannot be folded becomes a depthwise convolution of factor and offset`() throws {
    var small = try SmallGraph()
    try small.append("bn", .normalization, weights)
    let replaced = try ReplaceBatchNormalization().apply(to: small.graph)
    #expect(replaced.structure == ["input() = input", "bn(input) = depthwise convolution 1x1 valid + bias"])
    #expect(try replaced.values("bn/kernel") == [2, -3])
    #expect(try replaced.values("bn/bias") == [-9, 30])
  }

  @Test func `A normalization of a vector stays`() throws {
    var small = try SmallGraph()
    try small.append("pool", .globalPool(GlobalPool(.average)))
    try small.append("bn", .normalization)
    #expect(try Optimizer.optimize(small.graph).structure == small.graph.structure)
  }

  @Test func `Absent gamma and beta are 1 and 0`() throws {
    var small = try SmallGraph()
    let bare = BatchNormalization(epsilon: 0, hasGamma: false, hasBeta: false)
    try small.append("bn", .batchNormalization(bare), ["mean": [7, 8], "variance": [4, 16]])
    let replaced = try ReplaceBatchNormalization().apply(to: small.graph)
    #expect(try replaced.values("bn/kernel") == [0.5, 0.25])
    #expect(try replaced.values("bn/bias") == [-3.5, -2])
  }

  @Test(
    arguments: [
      (["variance": [4, -1]], "channel 1 has the variance -1.0, expected at least 0"),
      (["variance": [4, .nan]], "channel 1 has the variance nan, expected at least 0"),
      (["variance": [0, 4]], "channel 0 has the factor inf, expected a finite float"),
      (["gamma": [3e38, 1], "variance": [1e-4, 1]], "channel 0 has the factor 3.0000000"),
      (["mean": [1, .infinity]], "channel 1 has the offset -inf, expected a finite float"),
    ] as [([String: [Float]], String)])
  func `Weights that give no finite factor are refused by node`(weights: [String: [Float]], reason: String) throws {
    for isVector in [false, true] {
      for isFolded in [false, true] {
        var small = try SmallGraph()
        if isVector { try small.append("pool", .globalPool(GlobalPool(.average))) }
        if isFolded { try small.append("producer", isVector ? .dense(Dense(outputs: 2)) : .pointwise(2)) }
        try small.append("bn", .normalization, weights)
        let error = #expect(throws: GraphError.self) { try Optimizer.optimize(small.graph) }
        #expect(error?.pass == (isFolded ? "fold batch normalization" : "replace batch normalization"))
        #expect(error?.node == "bn")
        #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "")")
      }
    }
  }

  @Test func `Contents that cannot be read are an error that names node and tensor`() throws {
    struct Unreadable: TensorContents, Error {
      func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result { throw self }
    }
    var small = try SmallGraph()
    try small.append("bn", .normalization)
    var graph = small.graph
    graph.tensors[3].contents = Unreadable()
    let error = #expect(throws: GraphError.self) { try Optimizer.optimize(graph) }
    #expect(
      error?.description
        == "pass \"replace batch normalization\": node \"bn\": its variance \"bn/variance\" cannot be read: Unreadable()"
    )
  }
}
