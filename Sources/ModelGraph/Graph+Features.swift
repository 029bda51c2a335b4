extension Graph {
  /// Whether the last values are the features of a network whose classifier was left out, rather than scores of classes: no
  /// dense layer or pointwise convolution makes them.
  ///
  /// Networks such as SqueezeNet make a map of scores, which a pooling and perhaps an activation make one of each class. The
  /// scores of dense layers may be scaled, normalized or averaged.
  package var endsInFeatures: Bool {
    var pending = [Place(node: nodes.count - 1)]
    var seen: Set<Place> = []
    while let place = pending.popLast() {
      let node = nodes[place.node]
      var next = place
      switch node.operation {
      case .softmax, .logSoftmax, .sparsemax, .activation(.sigmoid), .dense: return false
      case .convolution, .separableConvolution:
        if !place.isCombined { return false }
        continue
      case .flatten, .reshape: break
      case .globalPool, .averagePool: next.isPooled = true
      case .activation where place.isPooled: break
      case .batchNormalization, .add, .binary:
        if place.isPooled { continue }
        next.isCombined = true
      default: continue
      }
      // What is combined is made by no pooling of scores.
      if next.isPooled && next.isCombined { continue }
      for input in node.inputs {
        next.node = input
        if seen.insert(next).inserted { pending.append(next) }
      }
    }
    return true
  }

  /// A node, and what lies between it and the end.
  private struct Place: Hashable {
    var node: Int
    var isPooled = false
    var isCombined = false
  }
}
