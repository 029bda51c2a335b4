import Activations
internal import ModelGraph

/// The layers behind a network's last pooling as a function of the means of its channels, up to the score of a class: its
/// logit, which a softmax or a sigmoid at the end is left out for.
///
/// The score's gradient by the means is found backwards, layer by layer: that of a dense layer is its kernel times what came
/// from behind, that of an activation its derivative at the values that this picture has there.
struct PooledHead: Sendable {
  private let layers: [HeadLayer]

  /// - Throws: What reading the weights throws.
  /// - Precondition: `Self.canDifferentiate(graph)`
  init(of graph: Graph) throws {
    layers = try Self.nodes(of: graph).flatMap { try HeadLayer.layers(of: $0, graph.tensors) }
  }

  /// Whether layers behind a last pooling are all that stand between a map and the classes, and each can be differentiated.
  static func canDifferentiate(_ graph: Graph) -> Bool {
    graph.lastPooling != nil && nodes(of: graph).allSatisfy(HeadLayer.canDifferentiate)
  }

  /// Behind the last pooling, less what makes probabilities at the end.
  private static func nodes(of graph: Graph) -> ArraySlice<Node> {
    var nodes = graph.nodes[((graph.lastPooling ?? graph.nodes.count - 1) + 1)...]
    while let last = nodes.last {
      switch last.operation {
      case .flatten, .reshape: nodes.removeLast()
      case .softmax, .activation(.sigmoid):
        nodes.removeLast()
        return nodes
      case .dense(var dense) where dense.activation == .sigmoid:
        dense.activation = .identity
        nodes[nodes.endIndex - 1].operation = .dense(dense)
        return nodes
      case .convolution(var convolution) where convolution.epilogue.activation == .sigmoid:
        convolution.epilogue.activation = .identity
        nodes[nodes.endIndex - 1].operation = .convolution(convolution)
        return nodes
      default: return nodes
      }
    }
    return nodes
  }

  /// The gradient of the score of a network's output value by the means of the channels.
  func gradient(ofOutput index: Int, at means: [Double]) -> [Double] {
    var inputs: [[Double]] = []
    var values = means
    for layer in layers {
      inputs.append(values)
      values = layer(values)
    }
    var gradient = [Double](repeating: 0, count: values.count)
    gradient[index] = 1
    for (layer, input) in zip(layers, inputs).reversed() { gradient = layer.gradient(gradient, at: input) }
    return gradient
  }
}

/// One function of a vector.
private enum HeadLayer: Sendable {
  /// `x W + b`; the kernel is of inputs x outputs.
  case product(kernel: [Float], bias: [Float])
  case activation(Activation)
  case affine(ChannelAffine)
  case layerNormalization(epsilon: Double, gamma: [Float]?, beta: [Float]?)

  static func canDifferentiate(_ node: Node) -> Bool {
    switch node.operation {
    case .dense, .activation, .batchNormalization, .layerNormalization, .flatten, .reshape: true
    case .convolution(let convolution):
      // Of one position, it is a dense layer.
      convolution.isPointwise && !convolution.epilogue.addsResidual && node.shape.elementCount == node.shape.channels
    default: false
    }
  }

  static func layers(of node: Node, _ tensors: [Tensor]) throws -> [Self] {
    func values(_ position: Int) throws -> [Float] { try tensors[node.parameters[position]].values() }
    func product(hasBias: Bool) throws -> Self {
      .product(
        kernel: try values(0), bias: hasBias ? try values(1) : [Float](repeating: 0, count: node.shape.channels))
    }
    switch node.operation {
    case .dense(let dense): return [try product(hasBias: dense.hasBias), .activation(dense.activation)]
    case .convolution(let convolution):
      return [
        .activation(convolution.inputActivation), try product(hasBias: convolution.hasBias),
        .activation(convolution.epilogue.activation),
      ]
    case .activation(let activation): return [.activation(activation)]
    case .batchNormalization(let normalization):
      return [.affine(ChannelAffine(normalization, try node.parameters.indices.map(values)))]
    case .layerNormalization(let normalization):
      return [
        .layerNormalization(
          epsilon: Double(normalization.epsilon), gamma: normalization.hasGamma ? try values(0) : nil,
          beta: normalization.hasBeta ? try values(normalization.hasGamma ? 1 : 0) : nil)
      ]
    default: return []
    }
  }

  func callAsFunction(_ x: [Double]) -> [Double] {
    switch self {
    case .product(let kernel, let bias):
      var sums = bias.map(Double.init)
      for (row, value) in x.enumerated() where value != 0 {
        for column in sums.indices { sums[column] += value * Double(kernel[row * sums.count + column]) }
      }
      return sums
    case .activation(let activation): return x.map(activation.callAsFunction)
    case .affine(let affine): return x.indices.map { affine.factors[$0] * x[$0] + affine.offsets[$0] }
    case .layerNormalization(let epsilon, let gamma, let beta):
      let normalized = Normalized(x, epsilon: epsilon)
      return x.indices.map { normalized.values[$0] * Double(gamma?[$0] ?? 1) + Double(beta?[$0] ?? 0) }
    }
  }

  /// By the input, at an input, from the gradient by the output.
  func gradient(_ output: [Double], at x: [Double]) -> [Double] {
    switch self {
    case .product(let kernel, _):
      let columns = output.indices.filter { output[$0] != 0 }
      return x.indices.map { row in
        columns.reduce(0) { $0 + Double(kernel[row * output.count + $1]) * output[$1] }
      }
    case .activation(let activation): return x.indices.map { output[$0] * activation.derivative(at: x[$0]) }
    case .affine(let affine): return x.indices.map { output[$0] * affine.factors[$0] }
    case .layerNormalization(let epsilon, let gamma, _):
      // With g = gamma * output and n the normalized values: (g - mean(g) - n * mean(g * n)) / deviation.
      let normalized = Normalized(x, epsilon: epsilon)
      let scaled = x.indices.map { output[$0] * Double(gamma?[$0] ?? 1) }
      let count = Double(x.count)
      let mean = scaled.reduce(0, +) / count
      let along = zip(scaled, normalized.values).reduce(0) { $0 + $1.0 * $1.1 } / count
      return x.indices.map { (scaled[$0] - mean - normalized.values[$0] * along) / normalized.deviation }
    }
  }
}

/// Values less their mean, divided by their deviation.
private struct Normalized {
  let values: [Double]
  let deviation: Double

  init(_ x: [Double], epsilon: Double) {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let deviation = (variance + epsilon).squareRoot()
    values = x.map { ($0 - mean) / deviation }
    self.deviation = deviation
  }
}
