import ModelGraph

/// The networks that the Xception paper compares with (its tables 1 and 3), as `keras.applications` defines them: they show
/// that the graph can express the comparison, and exercise the executors with other structures than Xception's.
package enum ComparedNetwork: String, Hashable, Sendable, CaseIterable {
  case vgg16, resNet152, inceptionV3

  /// - Parameters:
  ///   - side: Pixels of a side of the input, with 3 channels; Keras's own for nil.
  ///   - fullyConnected: Widths of ReLU layers before the classifier; Keras's own for nil. VGG-16 without any ends in a global
  ///     average, like the others.
  ///   - widthDivisor: Divides the widths of the convolutions.
  package func graph(
    side: Int? = nil, classes: Int = 1000, fullyConnected: [Int]? = nil, widthDivisor: Int = 1,
    weights: @escaping (_ node: String, _ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor
  ) throws -> Graph {
    var network = NetworkBuilder(widthDivisor: widthDivisor, weights: weights)
    switch self {
    case .vgg16:
      try network.appendInput(side: side ?? 224)
      try network.appendVGG16(flattens: fullyConnected != [])
    case .resNet152:
      try network.appendInput(side: side ?? 224)
      try network.appendResNet152()
    case .inceptionV3:
      try network.appendInput(side: side ?? 299)
      try network.appendInceptionV3()
    }
    try network.appendClassifier(
      classes: classes, fullyConnected: fullyConnected ?? (self == .vgg16 ? [4096, 4096] : []))
    try network.builder.graph.validate()
    return network.builder.graph
  }
}

/// The parts that these networks are made of; each is appended after `last`.
struct NetworkBuilder {
  var builder = GraphBuilder()
  var last = 0
  private let widthDivisor: Int
  private let weights: (_ node: String, _ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor

  init(
    widthDivisor: Int, weights: @escaping (_ node: String, _ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor
  ) {
    self.widthDivisor = widthDivisor
    self.weights = weights
  }

  mutating func appendInput(side: Int) throws {
    last = try builder.append("input", .input(.map(height: side, width: side, channels: 3)))
  }

  mutating func append(_ name: String, _ operation: Operation, _ inputs: [Int]? = nil) throws {
    let weights = weights
    last = try builder.append(name, operation, inputs ?? [last]) { role, dimensions in
      try weights(name, role, dimensions)
    }
  }

  mutating func appendConvolution(_ name: String, _ channels: Int, _ window: Window, hasBias: Bool) throws {
    try append(
      name,
      .convolution(
        Convolution(window: window, outputChannels: max(1, channels / widthDivisor), hasBias: hasBias)))
  }

  mutating func appendClassifier(classes: Int, fullyConnected: [Int]) throws {
    if case .map = builder.shape(of: last) { try append("avg_pool", .globalPool(GlobalPool(.average))) }
    for (index, width) in fullyConnected.enumerated() {
      try append("fc\(index + 1)", .dense(Dense(outputs: width)))
      try append("fc\(index + 1)_act", .activation(.relu))
    }
    try append("predictions", .dense(Dense(outputs: classes)))
    try append("predictions_act", .softmax)
  }
}
