import ModelGraph

/// For operations that need a value's factors in a certain order or grouping.
extension ONNXTranslator {
  typealias Factor = DimensionLayout.Factor

  /// With its border, if it has one, as a node.
  mutating func settled(_ feature: ONNXFeature, named name: String) throws(ImportError) -> ONNXFeature {
    guard let border = feature.border else { return feature }
    let (node, _) = try mapNode(ONNXFeature(node: feature.node, layout: feature.layout), named: name)
    let padded = try append(name + "/pad", .pad(border), [node])
    return ONNXFeature(node: padded, layout: DimensionLayout(map: builder.shape(of: padded)))
  }

  /// The value as a map with ONNX's N x C x H x W dimensions.
  mutating func mapNode(
    _ feature: ONNXFeature, named name: String
  ) throws(ImportError) -> (node: Int, shape: Shape) {
    let feature = try settled(feature, named: name)
    let sizes = feature.layout.sizes
    guard sizes.count == 4, sizes[0] == 1 else {
      throw .layer(
        name: name,
        reason: "reads a value of \(sizes.map(String.init).joined(separator: " x ")), expected 1 x C x H x W")
    }
    let shape = Shape.map(height: sizes[2], width: sizes[3], channels: sizes[1])
    return (try arranged(feature, feature.layout.factors(of: [2, 3, 1]), shape, named: name), shape)
  }

  /// The value as positions of some dimensions' values, which lie side by side in their present order.
  ///
  /// - Returns: The node, a vector where there is one position, and the layout in that order.
  mutating func innermost(
    _ feature: ONNXFeature, _ dimensions: [Int], named name: String
  ) throws(ImportError) -> (node: Int, layout: DimensionLayout) {
    let feature = try settled(feature, named: name)
    let inner = Set(feature.layout.factors(of: dimensions))
    let order = feature.layout.order
    let arranged = order.filter { !inner.contains($0) } + order.filter(inner.contains)
    let channels = order.filter(inner.contains).size
    let positions = feature.layout.elementCount / channels
    let present = builder.shape(of: feature.node)
    let shape: Shape =
      if positions == 1 { .vector(channels) } else if case .map(_, _, channels) = present { present } else {
        .map(height: positions, width: 1, channels: channels)
      }
    let node = try self.arranged(feature, arranged, shape, named: name)
    return (node, feature.layout.reordered(arranged))
  }

  /// The values in the order of the dimensions, as a network's output must be.
  mutating func ordered(_ feature: ONNXFeature, named name: String) throws(ImportError) -> ONNXFeature {
    let layout = feature.layout
    let sizes = layout.sizes
    // A map stays a map: its consumers know that it is stored height by width by channels.
    if sizes.count == 4, sizes[0] == 1, sizes[2] * sizes[3] > 1 {
      let (node, shape) = try mapNode(feature, named: name)
      return ONNXFeature(node: node, layout: DimensionLayout(map: shape))
    }
    let order = layout.dimensions.flatMap(\.self)
    let shape = Shape.vector(layout.elementCount)
    return ONNXFeature(
      node: try arranged(feature, order, shape, named: name), layout: layout.reordered(order))
  }

  /// The value with its factors in an order, under a shape of the graph.
  ///
  /// Where they are in another order, the tail from the first wrong factor on is rotated until the right one is in
  /// front: a shuffle of channels, each time. Among classifiers only ShuffleNet needs this.
  mutating func arranged(
    _ feature: ONNXFeature, _ order: [Factor], _ shape: Shape, named name: String
  ) throws(ImportError) -> Int {
    var node = feature.node
    var present = feature.layout.order
    for place in order.indices where present[place] != order[place] {
      guard let start = present.firstIndex(of: order[place]) else { break }
      let (front, back) = (Array(present[place..<start]), Array(present[start...]))
      let channels = front.size * back.size
      if builder.shape(of: node).channels != channels {
        let positions = present[..<place].reduce(1) { $0 * $1.size }
        node = try reshaped(node, .map(height: positions, width: 1, channels: channels), named: name)
      }
      node = try appendArrangement(.shuffleChannels(groups: front.size), node, named: name + "/shuffle")
      present = Array(present[..<place]) + back + front
    }
    return try reshaped(node, shape, named: name)
  }

  mutating func reshaped(_ node: Int, _ shape: Shape, named name: String) throws(ImportError) -> Int {
    if builder.shape(of: node) == shape { return node }
    let source = builder.graph.nodes[node]
    switch (source.operation, shape) {
    case (.globalPool(var pool), .vector):
      pool.keepsDimensions = false
      return try appendArrangement(.globalPool(pool), source.inputs[0], named: name + "/pool")
    case (.reshape, _), (.flatten, _): return try reshaped(source.inputs[0], shape, named: name)
    case (_, .vector): return try appendArrangement(.flatten, node, named: name + "/flatten")
    default: return try appendArrangement(.reshape(shape), node, named: name + "/reshape")
    }
  }

  private mutating func appendArrangement(
    _ operation: Operation, _ node: Int, named name: String
  ) throws(ImportError) -> Int {
    let key = Arrangement(node: node, operation: operation)
    if let known = arrangements[key] { return known }
    let arranged = try append(name, operation, [node])
    arrangements[key] = arranged
    return arranged
  }
}
