import ModelGraph
import Testing

@Suite struct FeatureTests {
  /// A convolution that `end` continues, given its node.
  private func graph(_ end: (inout GraphBuilder, Int) throws -> Void) throws -> Graph {
    var builder = GraphBuilder()
    let image = try builder.append("image", .input(.map(height: 6, width: 6, channels: 3)))
    let convolution = try builder.append(
      "convolution", .convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 4)), [image],
      weights: weights)
    try end(&builder, convolution)
    return builder.graph
  }

  private func weights(_ role: ParameterRole, _ dimensions: [Int]) -> Tensor {
    Tensor(name: role.rawValue, dimensions: dimensions, values: Array(repeating: 1, count: dimensions.reduce(1, *)))
  }

  @Test func `A pooled map of normalized or activated values is features, and a dense layer's are scores`() throws {
    let features = try graph { builder, map in
      let normalized = try builder.append(
        "normalized", .batchNormalization(BatchNormalization()), [map], weights: weights)
      let relu = try builder.append("relu", .activation(.relu), [normalized])
      try builder.append("pool", .globalPool(GlobalPool(.average)), [relu])
    }
    #expect(features.endsInFeatures)
    let scores = try graph { builder, map in
      let pool = try builder.append("pool", .globalPool(GlobalPool(.average)), [map])
      try builder.append("dense", .dense(Dense(outputs: 2)), [pool], weights: weights)
    }
    #expect(!scores.endsInFeatures)
  }

  @Test func `Scores that are scaled, normalized or averaged are scores`() throws {
    let mean = try graph { builder, map in
      let pool = try builder.append("pool", .globalPool(GlobalPool(.average)), [map])
      let heads = try ["a", "b"].map { try builder.append($0, .dense(Dense(outputs: 2)), [pool], weights: weights) }
      let sum = try builder.append("sum", .add, heads)
      try builder.append("half", .batchNormalization(BatchNormalization()), [sum], weights: weights)
    }
    #expect(!mean.endsInFeatures)
    let residual = try graph { builder, map in
      let sum = try builder.append("sum", .add, [map, map])
      let pool = try builder.append("pool", .globalPool(GlobalPool(.average)), [sum])
      try builder.append("normalized", .batchNormalization(BatchNormalization()), [pool], weights: weights)
    }
    #expect(residual.endsInFeatures)
  }

  @Test func `The activated values of a dense layer are features, the pooled ones of a convolution are scores`() throws
  {
    let activated = try graph { builder, map in
      let pool = try builder.append("pool", .globalPool(GlobalPool(.average)), [map])
      let dense = try builder.append("dense", .dense(Dense(outputs: 2)), [pool], weights: weights)
      try builder.append("relu", .activation(.relu), [dense])
    }
    #expect(activated.endsInFeatures)
    let squeezed = try graph { builder, map in
      let relu = try builder.append("relu", .activation(.relu), [map])
      let pool = try builder.append("pool", .globalPool(GlobalPool(.average)), [relu])
      try builder.append("flat", .flatten, [pool])
    }
    #expect(!squeezed.endsInFeatures)
    let probabilities = try graph { builder, map in
      let pool = try builder.append("pool", .globalPool(GlobalPool(.average)), [map])
      try builder.append("softmax", .softmax, [pool])
    }
    #expect(!probabilities.endsInFeatures)
  }
}
