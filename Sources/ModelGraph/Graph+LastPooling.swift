extension Graph {
  /// The last pooling that takes the mean of each channel of a map, where layers without branches follow it: a node, or nil
  /// where the network ends otherwise.
  package var lastPooling: Int? {
    var index = nodes.count - 1
    while index > 0 {
      if takesMeans(nodes[index]) { return index }
      guard nodes[index].inputs == [index - 1] else { return nil }
      index -= 1
    }
    return nil
  }

  /// The map whose channels' means the last pooling takes.
  package var lastMap: Int? { lastPooling.map { nodes[$0].inputs[0] } }

  /// Whether a node makes of each channel of a map of several positions one value, the mean.
  private func takesMeans(_ node: Node) -> Bool {
    guard let input = node.inputs.first, case .map(let height, let width, _) = nodes[input].shape, height * width > 1
    else { return false }
    switch node.operation {
    case .globalPool(let pool): return pool.kind == .average
    case .averagePool(let pool):
      // Exporters write a global pooling as a window of the map's size, too.
      let size = Extent(height: height, width: width)
      let whole = Window.Placement(output: Extent(1), top: 0, left: 0, bottom: 0, right: 0)
      return pool.window.size == size && pool.window.placement(on: size) == whole
    default: return false
    }
  }
}
