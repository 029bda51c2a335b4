extension Graph {
  /// The part of a valid graph that a node's value depends on, which ends with it.
  package func ending(at last: Int) -> Graph {
    var isNeeded = [Bool](repeating: false, count: last + 1)
    isNeeded[0] = true
    isNeeded[last] = true
    for index in (0...last).reversed() where isNeeded[index] {
      for input in nodes[index].inputs { isNeeded[input] = true }
    }
    var part = Graph()
    var newNode = [Int](repeating: 0, count: last + 1)
    var newTensor: [Int: Int] = [:]
    for index in 0...last where isNeeded[index] {
      var node = nodes[index]
      newNode[index] = part.nodes.count
      node.inputs = node.inputs.map { newNode[$0] }
      node.parameters = node.parameters.map { tensor in
        if let number = newTensor[tensor] { return number }
        newTensor[tensor] = part.tensors.count
        part.tensors.append(tensors[tensor])
        return part.tensors.count - 1
      }
      part.nodes.append(node)
    }
    return part
  }
}
