extension Graph {
  /// Whether the last values are the features of a network whose classifier was left out, rather than scores of classes: no
  /// dense layer or pointwise convolution makes them.
  ///
  /// Networks such as SqueezeNet make a map of scores, which a pooling and perhaps an activation make one of each class.
  package var endsInFeatures: Bool {
    var index = nodes.count - 1
    var isPooled = false
    while index > 0 {
      let node = nodes[index]
      switch node.operation {
      case .softmax, .logSoftmax, .sparsemax, .activation(.sigmoid), .dense: return false
      case .convolution, .separableConvolution: return false
      case .flatten, .reshape: break
      case .globalPool, .averagePool: isPooled = true
      case .activation where isPooled: break
      default: return true
      }
      guard let input = node.inputs.first else { return true }
      index = input
    }
    return true
  }
}
