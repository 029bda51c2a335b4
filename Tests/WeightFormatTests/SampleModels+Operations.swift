import ModelGraph
import TestSupport
import WeightFormat

extension SampleModels {
  /// The models that between them have every operation and every activation.
  static let ofOperations: [String: @Sendable () throws -> Model] = {
    let models: [String: @Sendable () throws -> Model] = [
      "first": { try firstOperations() }, "later": { try laterOperations() },
      "latest": { try latestOperations() }, "activations": { try everyActivation() },
    ]
    let samples = OperationSample.all.enumerated().map { index, sample in
      ("\(index) \(sample.operation.name)", { @Sendable in try model(of: sample) })
    }
    return models.merging(samples) { first, _ in first }
  }()

  /// An operation alone.
  private static func model(of sample: OperationSample) throws -> Model {
    let graph = try sample.graph(weights: maker(kernelType: .float32, weights: .random))
    var metadata = leastMetadata
    metadata.preprocessing.mean = [Float](repeating: 0, count: sample.input.channels)
    metadata.preprocessing.standardDeviation = [Float](repeating: 1, count: sample.input.channels)
    return Model(graph: graph, metadata: metadata)
  }

  /// The operations of revision 1 of the specification, with every attribute that only the optimizer sets.
  static func firstOperations() throws -> Model {
    var builder = GraphBuilder()
    let make = maker(kernelType: .float32, weights: .random)
    var node = try builder.append("image", .input(.map(height: 9, width: 8, channels: 3)))
    node = try builder.append(
      "grouped",
      .convolution(
        Convolution(
          window: Window(
            size: Extent(height: 3, width: 2), stride: Extent(height: 1, width: 2),
            dilation: Extent(height: 2, width: 1),
            padding: .explicit(top: 1, left: 0, bottom: 2, right: 3)),
          outputChannels: 6, groups: 3, hasBias: true, inputActivation: .relu6,
          epilogue: Epilogue(activation: .elu(alpha: 0.5)))), [node], weights: make)
    let residual = node
    node = try builder.append(
      "separable",
      .separableConvolution(
        SeparableConvolution(
          window: Window(size: Extent(3)), outputChannels: 6, hasDepthwiseBias: true, hasBias: true,
          inputActivation: .relu, middleActivation: .sigmoid,
          epilogue: Epilogue(addsResidual: true, activation: .relu))), [node, residual], weights: make)
    node = try builder.append(
      "bn", .batchNormalization(BatchNormalization(epsilon: 1e-5, hasGamma: false, hasBeta: false)), [node],
      weights: make)
    node = try builder.append("relu", .activation(.relu), [node])
    node = try builder.append("elu", .activation(.elu(alpha: 1)), [node])
    node = try builder.append("add", .add, [node, residual])
    node = try builder.append("concatenate", .concatenate, [node, residual])
    node = try builder.append("max", .maxPool(Window(size: Extent(2), stride: Extent(2), padding: .valid)), [node])
    node = try builder.append(
      "average", .averagePool(AveragePool(window: Window(size: Extent(2)), countsPadding: true)), [node])
    let pooled = try builder.append("pooled", .globalPool(GlobalPool(.average)), [node])
    let flat = try builder.append("flat", .flatten, [node])
    node = try builder.append("joined", .concatenate, [pooled, flat])
    node = try builder.append(
      "dense", .dense(Dense(outputs: 4, hasBias: true, activation: .sigmoid)), [node], weights: make)
    try builder.append("softmax", .softmax, [node])
    return Model(graph: builder.graph, metadata: leastMetadata)
  }

  /// The operations that revision 2 added, each with all values of its attributes that are listed.
  static func laterOperations() throws -> Model {
    var builder = GraphBuilder()
    let make = maker(kernelType: .float32, weights: .random)
    let image = try builder.append("image", .input(.map(height: 4, width: 6, channels: 4)))
    let vector = try builder.append("vector", .constant(.vector(4)), weights: make)
    let map = try builder.append("map", .constant(.map(height: 4, width: 1, channels: 1)), weights: make)
    var node = image
    for (binary, other) in zip(Binary.allCases, [vector, map, image, vector, map, image]) {
      node = try builder.append(binary.rawValue, .binary(binary), [node, other])
    }
    let squeezed = try builder.append(
      "squeezed", .globalPool(GlobalPool(.average, keepsDimensions: true)), [node])
    let excited = try builder.append("excited", .binary(.product), [node, squeezed])
    let largest = try builder.append("largest", .globalPool(GlobalPool(.maximum)), [excited])
    let reshaped = try builder.append("reshaped", .reshape(.map(height: 1, width: 1, channels: 4)), [largest])
    node = try builder.append("shifted", .binary(.sum), [excited, reshaped])
    node = try builder.append(
      "normalized", .layerNormalization(LayerNormalization(epsilon: 1e-6)), [node], weights: make)
    node = try builder.append(
      "normal", .layerNormalization(LayerNormalization(hasGamma: false, hasBeta: false)), [node])
    node = try builder.append("unit", .unitNormalization, [node])
    node = try builder.append("padded", .pad(Pad(top: 1, left: 0, bottom: 2, right: 3, value: -1.5)), [node])
    node = try builder.append("shuffled", .shuffleChannels(groups: 2), [node])
    node = try builder.append(
      "enlarged", .resize(Resize(.factor(Extent(height: 2, width: 1)), filter: .nearest)), [node])
    node = try builder.append(
      "resized", .resize(Resize(.size(Extent(height: 5, width: 7)), filter: .bilinear)), [node])
    node = try builder.append(
      "transposed",
      .transposedConvolution(
        TransposedConvolution(
          size: Extent(height: 3, width: 2), stride: Extent(height: 2, width: 1),
          dilation: Extent(height: 1, width: 2), padding: .init(top: 1, left: 0, bottom: 2, right: 1),
          extra: Extent(height: 1, width: 0), outputChannels: 6, hasBias: true)), [node], weights: make)
    node = try builder.append("parametric", .parametricRelu, [node], weights: make)
    node = try builder.append(
      "part",
      .slice(
        Slice(rows: .init(first: 1, count: 3), columns: .init(first: 0, count: 2), channels: .init(first: 5, count: 1))),
      [node])
    let last = try builder.append("last", .globalPool(GlobalPool(.maximum, keepsDimensions: true)), [node])
    node = try builder.append("flat", .flatten, [node])
    node = try builder.append(
      "half",
      .slice(
        Slice(rows: .init(first: 0, count: 1), columns: .init(first: 0, count: 1), channels: .init(first: 2, count: 3))),
      [node])
    let logit = try builder.append("logit", .reshape(.vector(1)), [last])
    try builder.append("scores", .binary(.sum), [node, logit])
    var metadata = leastMetadata
    metadata.preprocessing.mean = [0, 0, 0, 0]
    metadata.preprocessing.standardDeviation = [1, 1, 1, 1]
    metadata.output = .labelLogits
    return Model(graph: builder.graph, metadata: metadata)
  }

  /// The operations that revision 3 of the specification added.
  static func latestOperations() throws -> Model {
    var builder = GraphBuilder()
    var node = try builder.append("image", .input(.map(height: 1, width: 2, channels: 4)))
    node = try builder.append("logarithms", .logSoftmax, [node])
    node = try builder.append("pooled", .globalPool(GlobalPool(.maximum)), [node])
    node = try builder.append("scores", .sparsemax, [node])
    var metadata = leastMetadata
    metadata.preprocessing.mean = [0, 0, 0, 0]
    metadata.preprocessing.standardDeviation = [1, 1, 1, 1]
    return Model(graph: builder.graph, metadata: metadata)
  }

  /// The activations that revision 2 of the specification has, as the samples do.
  static func activationsOfRevision2() throws -> Model { try everyActivation(of: Activation.examples.prefix(19)) }

  /// Every activation as a node of its own, and some with two parameters where there is more than one in a node.
  static func everyActivation(of functions: some Sequence<Activation> = Activation.examples) throws -> Model {
    var builder = GraphBuilder()
    let make = maker(kernelType: .float32, weights: .random)
    var node = try builder.append("image", .input(.map(height: 2, width: 2, channels: 3)))
    let limits: [Activation] = [.clip(minimum: -.infinity, maximum: 2), .clip(minimum: 0.25, maximum: .infinity)]
    for (index, activation) in (Array(functions) + limits).enumerated() {
      node = try builder.append("\(index) \(activation.name)", .activation(activation), [node])
    }
    node = try builder.append(
      "convolution",
      .convolution(
        Convolution(
          window: Window(size: Extent(1)), outputChannels: 3, inputActivation: .hardSigmoid(slope: 0.2, offset: 0.5),
          epilogue: Epilogue(addsResidual: true, activation: .threshold(threshold: -1, value: 3)))),
      [node, node], weights: make)
    node = try builder.append(
      "separable",
      .separableConvolution(
        SeparableConvolution(
          window: Window(size: Extent(2)), outputChannels: 3, inputActivation: .leakyRelu(slope: 0.3),
          middleActivation: .clip(minimum: -1, maximum: 1), epilogue: Epilogue(activation: .geluTanh))), [node],
      weights: make)
    node = try builder.append("pooled", .globalPool(GlobalPool(.average)), [node])
    try builder.append(
      "dense", .dense(Dense(outputs: 2, hasBias: false, activation: .hardSigmoid(slope: 1, offset: 0))), [node],
      weights: make)
    var metadata = leastMetadata
    metadata.output = .labelProbabilities
    metadata.labels = ["wet", "cold"]
    return Model(graph: builder.graph, metadata: metadata)
  }

  /// One output value with the names of no and of yes.
  static func yesOrNo() throws -> Model {
    var model = try least()
    model.metadata.labels = ["no", "yes"]
    return model
  }
}
