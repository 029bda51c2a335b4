internal import PlainText

extension Graph: CustomStringConvertible {
  /// A table with a line for each node: its number, its name, what it computes with all fused parts, the numbers of the
  /// nodes that it reads, the shape of its value, its weights and its multiply-adds; then the totals, in which a tensor
  /// that two nodes share counts once.
  ///
  /// - Precondition: The graph is valid.
  package var description: String {
    var rows = [["", "node", "operation", "reads", "shape", "parameters", "multiply-adds"]]
    for (index, node) in nodes.enumerated() {
      rows.append([
        String(index), node.name.printable, describeOperation(of: node),
        node.inputs.map(String.init).joined(separator: " "),
        node.shape.description, grouped(parameterCount(of: node)), grouped(multiplyAdds(of: node)),
      ])
    }
    rows.append(["", "\(grouped(nodes.count)) nodes", "", "", "", grouped(parameterCount), grouped(multiplyAdds)])
    return table(rows, leftAligned: [1, 2, 3, 4]) + "\n"
  }

  /// The values of a node's weights.
  package func parameterCount(of node: Node) -> Int { node.parameters.reduce(0) { $0 + tensors[$1].elementCount } }

  /// What a node computes, in the order in which it does: `relu -> separable convolution 3x3 same + bias + residual -> relu`.
  /// In parentheses is what happens between the parts of a separable convolution.
  package func describeOperation(of node: Node) -> String {
    switch node.operation {
    case .activation(let activation): activation.description
    case .convolution(let convolution): describe(convolution, of: nodes[node.inputs[0]].shape)
    case .separableConvolution(let separable): describe(separable)
    case .batchNormalization(let normalization): "batch normalization, epsilon \(normalization.epsilon)"
    case .dense(let dense): "dense" + bias(dense.hasBias) + dense.activation.suffix
    case .maxPool(let window): "max pool \(window)"
    case .averagePool(let pool): "average pool \(pool.window)\(pool.countsPadding ? ", padding counts" : "")"
    default: node.operation.name
    }
  }

  private func describe(_ convolution: Convolution, of input: Shape) -> String {
    let kind =
      switch convolution.groups {
      case 1: "convolution"
      case input.channels: "depthwise convolution"
      default: "convolution in \(convolution.groups) groups"
      }
    return "\(convolution.inputActivation.prefix)\(kind) \(convolution.window)\(bias(convolution.hasBias))"
      + convolution.epilogue.suffix
  }

  private func describe(_ separable: SeparableConvolution) -> String {
    let middle = bias(separable.hasDepthwiseBias) + separable.middleActivation.suffix
    return "\(separable.inputActivation.prefix)separable convolution \(separable.window)"
      + (middle.isEmpty ? "" : " (\(middle.drop { $0 == " " }))") + bias(separable.hasBias) + separable.epilogue.suffix
  }

  private func bias(_ isPresent: Bool) -> String { isPresent ? " + bias" : "" }
}

extension Activation {
  fileprivate var prefix: String { self == .identity ? "" : "\(self) -> " }
  fileprivate var suffix: String { self == .identity ? "" : " -> \(self)" }
}

extension Epilogue {
  fileprivate var suffix: String { (addsResidual ? " + residual" : "") + activation.suffix }
}

extension Window: CustomStringConvertible {
  /// `3x3/2 same`: size, stride where it is not 1, dilation where it is not 1, and padding.
  package var description: String {
    "\(size)" + (stride == Extent(1) ? "" : "/\(stride.short)")
      + (dilation == Extent(1) ? "" : " dilation \(dilation.short)") + " \(padding)"
  }
}

extension Extent {
  fileprivate var short: String { height == width ? "\(height)" : description }
}

extension Padding: CustomStringConvertible {
  package var description: String {
    switch self {
    case .same: "same"
    case .valid: "valid"
    case .explicit(let top, let left, let bottom, let right): "padding \(top) \(left) \(bottom) \(right)"
    }
  }
}
