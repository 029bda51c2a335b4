import ModelGraph

/// The parts that networks are made of; each is appended after `last`.
package struct NetworkBuilder {
  private(set) var builder = GraphBuilder()
  /// The node that the next one reads.
  var last = 0
  /// What Keras's own model has beyond the graph.
  var keras = KerasModelFacts()
  /// Whether fully connected layers read a map's positions one after the other, and not their average.
  var flattens = false
  private let widthDivisor: Int
  private let weights: (_ node: String, _ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor

  init(
    input: Shape, widthDivisor: Int,
    weights: @escaping (_ node: String, _ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor
  ) throws {
    self.widthDivisor = widthDivisor
    self.weights = weights
    last = try builder.append("input", .input(input))
  }

  var graph: Graph { builder.graph }
  var channels: Int { builder.shape(of: last).channels }

  func width(_ channels: Int) -> Int { max(1, channels / widthDivisor) }

  /// - Parameter fixed: Parameters that are no weights of the network, but part of what a layer computes.
  mutating func append(
    _ name: String, _ operation: Operation, _ inputs: [Int]? = nil, isNumbered: Bool = false,
    fixed: [ParameterRole: Float] = [:]
  ) throws {
    let weights = weights
    last = try builder.append(name, operation, inputs ?? [last]) { role, dimensions in
      guard let value = fixed[role] else { return try weights(name, role, dimensions) }
      let values = [Float](repeating: value, count: dimensions.reduce(1, *))
      return Tensor(name: "\(name)/\(role)", dimensions: dimensions, values: values)
    }
    if isNumbered { keras.numbered.insert(name) }
    if !fixed.isEmpty { keras.fixed[name] = Set(fixed.keys) }
  }

  mutating func appendConvolution(
    _ name: String, _ channels: Int, _ window: Window = Window(size: Extent(1)), hasBias: Bool = false,
    isNumbered: Bool = false
  ) throws {
    let convolution = Convolution(window: window, outputChannels: width(channels), hasBias: hasBias)
    try append(name, .convolution(convolution), isNumbered: isNumbered)
  }

  /// A kernel of its own for each channel, or several.
  mutating func appendDepthwise(_ name: String, _ window: Window, hasBias: Bool = false, multiplier: Int = 1) throws {
    let convolution = Convolution(
      window: window, outputChannels: channels * multiplier, groups: channels, hasBias: hasBias)
    try append(name, .convolution(convolution))
    if !name.contains("/") { keras.kinds[name] = .depthwiseConvolution }
  }

  /// - Parameter epsilon: 0.001 is Keras's default.
  mutating func appendNormalization(_ name: String, epsilon: Float = 0.001) throws {
    try append(name, .batchNormalization(BatchNormalization(epsilon: epsilon)))
  }

  /// Each channel times a number: of its own, which is a weight, or of all.
  mutating func appendScale(_ name: String, _ scale: Float? = nil) throws {
    var fixed: [ParameterRole: Float] = [.beta: 0, .mean: 0, .variance: 1]
    fixed[.gamma] = scale
    try append(name, .batchNormalization(BatchNormalization(epsilon: 0)), fixed: fixed)
  }

  mutating func append(_ top: Top) throws {
    switch top {
    case .none: break
    case .pooling(let kind): try appendPooling(kind)
    case .classifier(let classifier):
      if flattens, !classifier.fullyConnected.isEmpty {
        try append("flatten", .flatten)
      } else {
        try appendPooling(.average)
      }
      try append(classifier, named: "predictions")
    }
  }

  mutating func appendPooling(_ kind: GlobalPool.Kind) throws {
    try append(kind == .average ? "avg_pool" : "max_pool", .globalPool(GlobalPool(kind)))
  }

  /// - Parameter kind: Keras's class of the last layer, where that is a convolution of one position.
  mutating func append(_ classifier: ClassifierHead, named name: String, kind: WeightedLayer.Kind = .dense) throws {
    for (index, width) in classifier.fullyConnected.enumerated() {
      try append("fc\(index + 1)", .dense(Dense(outputs: width)))
      try append("fc\(index + 1)_act", .activation(.relu))
    }
    try append(name, .dense(Dense(outputs: classifier.classes)))
    keras.kinds[name] = kind
    switch classifier.output {
    case .logits: break
    case .softmax: try append("\(name)_act", .softmax)
    case .sigmoid: try append("\(name)_act", .activation(.sigmoid))
    }
  }
}

/// What Keras's own model of a network has beyond the graph, by layers' names.
struct KerasModelFacts {
  /// Named automatically, by number.
  var numbered: Set<String> = []
  /// Of a class that the node does not tell.
  var kinds: [String: WeightedLayer.Kind] = [:]
  /// In a `Sequential` of this name.
  var containers: [String: String] = [:]
  /// After a layer of zero padding that is part of the node's own window here.
  var padded: Set<String> = []
  /// A node's parameters that are no weights.
  var fixed: [String: Set<ParameterRole>] = [:]
}
