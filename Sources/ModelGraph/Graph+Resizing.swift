extension Graph {
  /// The same network for inputs of another size, with all shapes inferred again.
  ///
  /// Convolutions and pools serve any size; so a network can be resized where its classifier follows global pooling.
  ///
  /// - Throws: An error that names the first node that does not apply at this size: a window that no longer fits, a sum of
  ///   shapes that differ now, or a dense layer after a flattened map, whose weights belong to one size.
  package func resized(to size: Extent) throws(GraphError) -> Graph {
    var graph = self
    for index in nodes.indices {
      if case .input(let shape) = nodes[index].operation {
        guard case .map(_, _, let channels) = shape else {
          throw GraphError(node: nodes[index].name, reason: "its shape \(shape) is no image, so it has no other size")
        }
        graph.nodes[index].operation = .input(.map(height: size.height, width: size.width, channels: channels))
      }
      graph.nodes[index].shape = try graph.inferredShape(of: graph.nodes[index])
    }
    try graph.validate()
    return graph
  }
}
