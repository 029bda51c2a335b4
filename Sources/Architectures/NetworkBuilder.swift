import ModelGraph

/// The parts that networks are made of; each is appended after `last`.
package struct NetworkBuilder {
  private(set) var builder = GraphBuilder()
  /// The node that the next one reads.
  var last = 0
  /// The layers that Keras names automatically, by number.
  private(set) var numbered: Set<String> = []
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

  mutating func append(
    _ name: String, _ operation: Operation, _ inputs: [Int]? = nil, isNumbered: Bool = false
  ) throws {
    let weights = weights
    last = try builder.append(name, operation, inputs ?? [last]) { role, dimensions in
      try weights(name, role, dimensions)
    }
    if isNumbered { numbered.insert(name) }
  }

  mutating func appendConvolution(
    _ name: String, _ channels: Int, _ window: Window, hasBias: Bool = false, isNumbered: Bool = false
  ) throws {
    let convolution = Convolution(window: window, outputChannels: width(channels), hasBias: hasBias)
    try append(name, .convolution(convolution), isNumbered: isNumbered)
  }

  mutating func append(_ top: Top) throws {
    guard top != .none else { return }
    guard case .classifier(let classifier) = top else { return try appendPooling() }
    if flattens, !classifier.fullyConnected.isEmpty { try append("flatten", .flatten) } else { try appendPooling() }
    for (index, width) in classifier.fullyConnected.enumerated() {
      try append("fc\(index + 1)", .dense(Dense(outputs: width)))
      try append("fc\(index + 1)_act", .activation(.relu))
    }
    try append("predictions", .dense(Dense(outputs: classifier.classes)))
    switch classifier.output {
    case .logits: break
    case .softmax: try append("predictions_act", .softmax)
    case .sigmoid: try append("predictions_act", .activation(.sigmoid))
    }
  }

  private mutating func appendPooling() throws { try append("avg_pool", .globalPool(GlobalPool(.average))) }
}
