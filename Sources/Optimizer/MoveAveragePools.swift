import ModelGraph

/// Lets an average pool and a pointwise convolution change places where the convolution has less to do then, or fewer channels
/// are averaged: both are linear, one over positions and one over channels, and the weights of an average sum to one,
///
///     W mean(x) + b = mean(W x + b)
///
/// - A convolution before a pool that makes the map smaller moves behind it. DenseNet's transitions (Huang et al. 2017) then
///   multiply a quarter of the pixels, 234 million multiply-adds of 2.8 billion less.
/// - A convolution to fewer channels behind a pool that keeps the map's size moves before it. In Inception's modules (Szegedy et
///   al. 2015) it reads what the convolutions beside it read, so that they share its rows, and an eighth to a half of the
///   channels are averaged.
///
/// Not moved: a convolution before a pool whose value another node reads, or an activation; one behind a pool whose value is added to
/// another, which it does itself (`FuseResidual`); one with a bias where padding counts as zeros, whose average is not one; and
/// what makes the map of the last pooling, which heatmaps show.
struct MoveAveragePools: Pass {
  let name = "move average pools"

  func apply(to graph: Graph) -> Graph {
    var rewrite = Rewrite(graph)
    let lastPooling = graph.lastPooling
    for index in graph.nodes.indices where index != lastPooling {
      // What has moved forward may have another one before it.
      var moved: Int? = index
      while let place = moved { moved = move(place, in: &rewrite) }
    }
    return rewrite.finished()
  }

  /// Lets a node and the one that makes its input change places, where that pays.
  ///
  /// - Returns: The place of what was behind, or nil where nothing moved.
  private func move(_ index: Int, in rewrite: inout Rewrite) -> Int? {
    let node = rewrite.nodes[index]
    guard let input = node.inputs.first, rewrite.isReadOnce(input) else { return nil }
    let producer = rewrite.nodes[input]
    guard let source = producer.inputs.first.map({ rewrite.nodes[$0].shape }) else { return nil }
    switch (producer.operation, node.operation) {
    case (.convolution(let convolution), .averagePool(let pool)):
      guard commute(convolution, pool, on: source), 2 * node.shape.elementCount <= producer.shape.elementCount,
        case .map(let height, let width, _) = node.shape
      else { return nil }
      swap(input, index, .map(height: height, width: width, channels: source.channels), in: &rewrite)
    case (.averagePool(let pool), .convolution(let convolution)):
      guard commute(convolution, pool, on: source), producer.shape == source, node.shape.channels < source.channels,
        !rewrite.consumers[index].contains(where: { isSum(rewrite.nodes[$0], of: index) })
      else { return nil }
      swap(input, index, node.shape, in: &rewrite)
    default: return nil
    }
    return input
  }

  /// Whether a convolution treats each position of a map alone, and a pool takes averages of what it makes.
  private func commute(_ convolution: Convolution, _ pool: AveragePool, on map: Shape) -> Bool {
    convolution.isPointwise && convolution.window.isTrivial(on: map) && convolution.inputActivation == .identity
      && convolution.epilogue == Epilogue() && !(pool.countsPadding && convolution.hasBias)
  }

  /// Whether a node adds a value to another one, as it stands or as its residual.
  private func isSum(_ node: Node, of value: Int) -> Bool {
    node.operation == .add || node.operation.epilogue?.addsResidual == true && node.inputs[1] == value
  }

  /// - Parameter shape: That of the value between the two afterwards.
  private func swap(_ first: Int, _ second: Int, _ shape: Shape, in rewrite: inout Rewrite) {
    var (later, earlier) = (rewrite.nodes[first], rewrite.nodes[second])
    later.shape = earlier.shape
    earlier.shape = shape
    earlier.inputs = later.inputs
    later.inputs = [first]
    rewrite.replace(second, with: later)
    rewrite.replace(first, with: earlier)
  }
}
