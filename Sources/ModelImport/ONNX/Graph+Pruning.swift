import ModelGraph

extension Graph {
  /// The nodes that a node needs, and the input; that node is the last one.
  ///
  /// - Precondition: The first node is the input.
  func keepingOnly(_ last: Int) -> Graph {
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    isNeeded[0] = true
    isNeeded[last] = true
    for index in nodes.indices.reversed() where isNeeded[index] {
      for input in nodes[index].inputs { isNeeded[input] = true }
    }
    var kept = Graph()
    var places: [Int: Int] = [:]
    for (index, node) in nodes.enumerated() where isNeeded[index] && index <= last {
      var node = node
      node.inputs = node.inputs.map { places[$0] ?? 0 }
      node.parameters = node.parameters.map { parameter in
        kept.tensors.append(tensors[parameter])
        return kept.tensors.count - 1
      }
      places[index] = kept.nodes.count
      kept.nodes.append(node)
    }
    return kept
  }
}
