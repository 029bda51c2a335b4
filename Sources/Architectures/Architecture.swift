import ModelGraph

/// A network that is known by name: parameters, from which a graph is built.
///
/// Layers have the names that Keras gives them, and come in an order in which Keras could make them. A layer of Keras that
/// is more than one node is `layer/part`, with one `/`: `block2_sepconv1/depthwise` and `block2_sepconv1/pointwise`. What Keras
/// numbers automatically has a name of its own here; `WeightedLayer` tells both.
package protocol Architecture: Sendable {
  /// As in `keras.applications`, where the network is there: `ResNet50`.
  var name: String { get }
  /// The image: a map of any channel count.
  var input: Shape { get set }
  /// What follows the last convolution.
  var top: Top { get set }
  /// All widths of convolutions are divided by this; 1 in the papers. For small networks of the same structure.
  var widthDivisor: Int { get set }

  /// How pixel values are scaled before the first convolution.
  var pixelScaling: PixelScaling { get }

  /// Appends all between the input and the top.
  func append(to network: inout NetworkBuilder) throws
  /// Appends what follows the last convolution.
  func appendTop(to network: inout NetworkBuilder) throws
  /// This network with the parameters, other than its input and its top, that weights may have been made with.
  ///
  /// - Parameter widths: The last dimensions of all kernels.
  func variants(ofWidths widths: Set<Int>) -> [any Architecture]
  /// The side of a square image of whose features, one position after the other, there are so many; nil where the number
  /// does not depend on it.
  func side(ofFlattened features: Int) -> Int?
}

extension Architecture {
  /// Builds the graph.
  ///
  /// - Parameter weights: Makes the tensor of a node's role, named `node/role` by convention, of these dimensions; called in
  ///   the order of the nodes.
  /// - Throws: `GraphError` naming the node that cannot be, and whatever `weights` throws.
  package func graph(
    weights: (_ node: String, _ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor
  ) throws -> Graph {
    try build(weights: weights).graph
  }

  package func appendTop(to network: inout NetworkBuilder) throws { try network.append(top) }

  package func variants(ofWidths widths: Set<Int>) -> [any Architecture] { [self] }

  package func side(ofFlattened features: Int) -> Int? { nil }

  func build(
    weights: (_ node: String, _ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor
  ) throws -> (graph: Graph, keras: KerasModelFacts) {
    guard widthDivisor > 0 else { throw GraphError(node: nil, reason: "width divisor \(widthDivisor) is not positive") }
    return try withoutActuallyEscaping(weights) { weights in
      var network = try NetworkBuilder(input: input, widthDivisor: widthDivisor, weights: weights)
      try append(to: &network)
      try appendTop(to: &network)
      try network.graph.validate()
      return (network.graph, network.keras)
    }
  }
}

/// What follows the last convolution.
package enum Top: Hashable, Sendable {
  /// Nothing: the output is the feature map.
  case none
  /// Global pooling: the output is a vector of features.
  case pooling(GlobalPool.Kind)
  /// Global average pooling and a classifier. VGG's fully connected layers read all positions instead of their average.
  case classifier(ClassifierHead)

  package static var pooled: Top { .pooling(.average) }
}

/// How pixel values of 0 to 255 are scaled before a network's first convolution.
package enum PixelScaling: Hashable, Sendable {
  /// Nothing that the network knows of, as the three of Keras's `preprocess_input` are outside of it.
  case outside(PreprocessInput)
  /// The network's own first layers compute `x * factor + offset` for each channel.
  case inside(factors: [Double], offsets: [Double])
  /// The network's own first layers divide by 255 and normalize by a mean and a variance that are weights.
  case normalized
}

/// The functions that Keras calls `preprocess_input`.
package enum PreprocessInput: String, Hashable, Sendable, CaseIterable {
  /// x / 127.5 - 1
  case tensorFlow
  /// BGR, less ImageNet's means
  case caffe
  /// (x / 255 - mean) / deviation, with ImageNet's
  case torch
}

/// The dense layers at a network's end.
package struct ClassifierHead: Hashable, Sendable {
  /// The function of the last layer's values.
  package enum Output: Hashable, Sendable, CaseIterable {
    /// None.
    case logits
    /// Exclusive classes (ImageNet).
    case softmax
    /// Independent labels (JFT, section 4.1 of the Xception paper).
    case sigmoid
  }

  package var classes: Int
  /// The widths of ReLU layers before the classifier, in order; `[4096, 4096]` in VGG and in the JFT variant of the Xception
  /// paper (section 4.1, which does not name their activation).
  package var fullyConnected: [Int]
  package var output: Output

  package init(classes: Int = 1000, fullyConnected: [Int] = [], output: Output = .softmax) {
    self.classes = classes
    self.fullyConnected = fullyConnected
    self.output = output
  }
}
