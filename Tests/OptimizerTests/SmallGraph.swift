import ModelGraph

/// Builds small graphs whose weights are whole numbers, so that what a pass computes can be checked exactly.
struct SmallGraph {
  var builder = GraphBuilder()

  init(_ height: Int = 4, _ width: Int = 4, channels: Int = 2) throws {
    try builder.append("input", .input(.map(height: height, width: width, channels: channels)))
  }

  /// Appends a node that reads the one before it, or the named ones. Weights count up from 1, except where given by role.
  mutating func append(
    _ name: String, _ operation: Operation, reads names: [String]? = nil, _ weights: [String: [Float]] = [:]
  ) throws {
    let inputs = names?.map { name in index(of: name) } ?? [builder.graph.nodes.count - 1]
    try builder.append(name, operation, inputs) { role, dimensions in
      let count = dimensions.reduce(1, *)
      return Tensor(
        name: "\(name)/\(role)", dimensions: dimensions, values: weights[role.rawValue] ?? (1...count).map { Float($0) }
      )
    }
  }

  func index(of name: String) -> Int { builder.graph.nodes.firstIndex { $0.name == name } ?? -1 }

  var graph: Graph { builder.graph }
}

extension Operation {
  static func pointwise(
    _ channels: Int, stride: Int = 1, hasBias: Bool = false, padding: Padding = .same
  ) -> Operation {
    let window = Window(size: Extent(1), stride: Extent(stride), padding: padding)
    return .convolution(Convolution(window: window, outputChannels: channels, hasBias: hasBias))
  }

  static func depthwise(_ channels: Int, multiplier: Int = 1, hasBias: Bool = false) -> Operation {
    .convolution(
      Convolution(
        window: Window(size: Extent(3)), outputChannels: channels * multiplier, groups: channels, hasBias: hasBias))
  }

  static var normalization: Operation { .batchNormalization(BatchNormalization(epsilon: 0)) }
}

extension Graph {
  /// A line for each node: `name(inputs) = operation`.
  var structure: [String] {
    nodes.map { node in
      "\(node.name)(\(node.inputs.map { nodes[$0].name }.joined(separator: " "))) = \(describeOperation(of: node))"
    }
  }

  /// The scaled values of a named tensor.
  func values(_ name: String) throws -> [Float]? { try tensors.first { $0.name == name }?.values() }
}
