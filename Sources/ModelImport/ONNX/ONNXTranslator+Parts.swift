import ModelGraph

/// Values joined, cut, padded and resized.
extension ONNXTranslator {
  mutating func concatenation(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    var features: [ONNXFeature] = []
    for index in operation.inputs.indices {
      if case .constant(let constant) = try operation.value(index) {
        features.append(try appendConstant(constant, named: operation.name))
      } else {
        features.append(try settled(try operation.feature(index), named: operation.name))
      }
    }
    guard let first = features.first else { throw operation.error("joins nothing") }
    let axis = try operation.axis(try operation.int("axis", default: 1), rank: first.sizes.count)
    if features.count == 1 { return .feature(first) }
    var host = first.layout
    // The last layout that is cut like all the others is the one that the first must be cut like.
    for index in features.indices.dropFirst() {
      guard features[index].sizes.count == first.sizes.count,
        host.align(with: &features[index].layout, except: axis) != nil
      else { throw operation.error("joins values of \(first.sizes) and \(features[index].sizes)") }
    }
    let others = host.order.filter { !host.dimensions[axis].contains($0) }
    let present = builder.shape(of: first.node)
    var nodes: [Int] = []
    var count = 0
    for index in features.indices {
      var feature = features[index]
      if index == 0 { feature.layout = host }
      guard let places = host.align(with: &feature.layout, except: axis) else {
        throw operation.error("joins values that lie in memory in ways that cannot be matched")
      }
      let guests = Dictionary(places.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
      let order = others.compactMap { guests[$0] } + feature.layout.dimensions[axis]
      let size = feature.layout.sizes[axis]
      nodes.append(
        try arranged(feature, order, shape(positions: others.size, size, like: present), named: operation.name))
      count += size
    }
    let node = try append(operation.name, .concatenate, nodes)
    return .feature(ONNXFeature(node: node, layout: host.resizedInnermost(axis, to: count)))
  }

  /// A map of so many positions, as high and wide as another where that has as many.
  private func shape(positions: Int, _ channels: Int, like present: Shape) -> Shape {
    if positions == 1 { return .vector(channels) }
    if case .map(let height, let width, _) = present, height * width == positions {
      return .map(height: height, width: width, channels: channels)
    }
    return .map(height: positions, width: 1, channels: channels)
  }

  mutating func split(_ operation: ONNXOperation) throws(ImportError) -> [ONNXValue] {
    let feature = try settled(try operation.feature(0), named: operation.name)
    let axis = try operation.axis(try operation.int("axis", default: 0), rank: feature.sizes.count)
    let size = feature.sizes[axis]
    let parts: [Int]
    if let given = try operation.ints("split", orInput: 1) {
      parts = given
    } else {
      let count = try operation.int("num_outputs", default: operation.node.outputs.count)
      guard count > 0, count <= size else { throw operation.error("cuts \(size) into \(count) parts") }
      let each = (size + count - 1) / count
      parts = (0..<count).map { min(each, size - $0 * each) }
    }
    guard parts.allSatisfy({ $0 > 0 && $0 <= size }), parts.reduce(0, +) == size,
      parts.count >= operation.node.outputs.count
    else { throw operation.error("cuts \(size) into parts of \(parts)") }
    var results: [ONNXValue] = []
    var start = 0
    for part in parts {
      results.append(
        .feature(try sliced(feature, axis, Slice.Axis(first: start, count: part), operation)))
      start += part
    }
    return results
  }

  mutating func slice(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    var feature = try settled(try operation.feature(0), named: operation.name)
    for range in try ConstantFolding.ranges(of: feature.sizes, operation) {
      guard range.count > 0 else { throw operation.error("keeps nothing") }
      guard range.step > 0 || range.count == 1 else {
        throw operation.error("takes values in steps of \(range.step), expected 1 or more")
      }
      let step = range.count == 1 ? 1 : range.step
      let part = Slice.Axis(first: range.start, count: (range.count - 1) * step + 1)
      feature = try sliced(feature, range.axis, part, operation)
      if step > 1 { feature = try strided(feature, range.axis, step, operation) }
    }
    return .feature(feature)
  }

  /// Every so many values of a dimension from the first on: a pool whose window is one value.
  private mutating func strided(
    _ feature: ONNXFeature, _ dimension: Int, _ step: Int, _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXFeature {
    let (layout, shape) = (feature.layout, builder.shape(of: feature.node))
    let count = (layout.sizes[dimension] - 1) / step + 1
    let factors = layout.dimensions[dimension]
    var stride = Extent(height: 1, width: step)
    let node: Int
    let result: DimensionLayout
    if let resized = layout.resized(dimension, to: count), let place = layout.order.firstIndex(of: factors[0]) {
      result = resized
      if case .map = shape, let axis = layout.axes(of: shape)?.firstIndex(of: factors), axis < 2 {
        node = feature.node
        if axis == 0 { stride = Extent(height: step, width: 1) }
      } else {
        // What lies before the dimension in memory are rows, what lies after it channels.
        let after = layout.order[(place + factors.count)...].reduce(1) { $0 * $1.size }
        let before = layout.elementCount / (after * factors.size)
        node = try reshaped(
          feature.node, .map(height: before, width: factors.size, channels: after), named: operation.name)
      }
    } else {
      result = layout.resizedInnermost(dimension, to: count)
      let others = layout.order.filter { !factors.contains($0) }
      node = try arranged(
        feature, others + factors, .map(height: others.size, width: factors.size, channels: 1), named: operation.name)
    }
    let window = Window(size: Extent(1), stride: stride, padding: .valid)
    return ONNXFeature(node: try append(operation.name, .maxPool(window), [node]), layout: result)
  }

  /// Neighboring values of an axis, which is then replaced by the dimensions of the indices.
  mutating func gather(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let feature = try settled(try operation.feature(0), named: operation.name)
    let indices = try operation.requireConstant(1)
    let axis = try operation.axis(try operation.int("axis", default: 0), rank: feature.sizes.count)
    let size = feature.sizes[axis]
    let places = try operation.ints(input: 1)?.map { $0 < 0 ? $0.addingReportingOverflow(size).partialValue : $0 } ?? []
    guard let first = places.first, first >= 0, first < size, places.count <= size - first,
      places == Array(first..<first + places.count)
    else {
      throw operation.error("reads the indices \(places.prefix(8)) of \(size), expected neighbors in their order")
    }
    let part = try sliced(feature, axis, Slice.Axis(first: first, count: places.count), operation)
    let sizes = part.sizes[..<axis] + indices.dimensions + part.sizes[(axis + 1)...]
    return try viewed(part, as: Array(sizes), operation)
  }

  private mutating func sliced(
    _ feature: ONNXFeature, _ dimension: Int, _ part: Slice.Axis, _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXFeature {
    if part.first == 0, part.count == feature.layout.sizes[dimension] { return feature }
    let factors = feature.layout.dimensions[dimension]
    let shape = builder.shape(of: feature.node)
    if let axes = feature.layout.axes(of: shape), let place = axes.firstIndex(of: factors),
      let layout = feature.layout.resized(dimension, to: part.count)
    {
      var parts = shape.asMapDimensions.map { Slice.Axis(first: 0, count: $0) }
      parts[place] = part
      let slice = Slice(rows: parts[0], columns: parts[1], channels: parts[2])
      return ONNXFeature(node: try append(operation.name, .slice(slice), [feature.node]), layout: layout)
    }
    let others = feature.layout.order.filter { !factors.contains($0) }
    let arrangedShape = self.shape(positions: others.size, factors.size, like: shape)
    let node = try arranged(feature, others + factors, arrangedShape, named: operation.name)
    let sides = arrangedShape.asMapDimensions
    let slice = Slice(
      rows: Slice.Axis(first: 0, count: sides[0]), columns: Slice.Axis(first: 0, count: sides[1]), channels: part)
    return ONNXFeature(
      node: try append(operation.name, .slice(slice), [node]),
      layout: feature.layout.resizedInnermost(dimension, to: part.count))
  }

  /// A border that a window may take over. Sizes are an attribute before opset 11, an input since.
  mutating func pad(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let mode = try operation.string("mode", default: "constant")
    let continuation = Continuation(rawValue: mode)
    guard mode == "constant" || continuation != nil else { throw operation.error("pads by \"\(mode)\"") }
    let feature = try operation.feature(0)
    let rank = feature.sizes.count
    guard let given = try operation.ints("pads", orInput: 1) else { throw operation.error("has no pads") }
    let axes = operation.has(3) ? try operation.axes(input: 3, rank: rank) ?? [] : Array(0..<rank)
    guard given.count == 2 * axes.count, given.allSatisfy({ (0...Limits.window).contains($0) }) else {
      throw operation.error("has the pads \(given), expected \(2 * axes.count) of 0 to \(Limits.window)")
    }
    let value = try operation.scalar(input: 2, or: "value", default: 0)
    var before = [Int](repeating: 0, count: rank)
    var after = before
    for (index, axis) in axes.enumerated() { (before[axis], after[axis]) = (given[index], given[index + axes.count]) }
    let padded = (0..<rank).filter { before[$0] + after[$0] > 0 }
    if padded.isEmpty { return .feature(feature) }
    if let continuation {
      guard rank == 4, padded.allSatisfy({ $0 >= 2 }) else {
        throw operation.error("pads the dimensions \(padded) of a value of \(feature.sizes) by \"\(mode)\"")
      }
      let pad = Pad(top: before[2], left: before[3], bottom: after[2], right: after[3])
      return .feature(try continued(feature, continuation, pad, operation))
    }
    if rank == 4, padded.allSatisfy({ $0 >= 2 }) {
      return .feature(
        try bordered(
          feature, Pad(top: before[2], left: before[3], bottom: after[2], right: after[3], value: value), operation.name
        ))
    }
    guard rank == 4, padded.allSatisfy({ $0 == 1 || $0 == 2 }) else {
      throw operation.error("pads the dimensions \(padded) of a value of \(feature.sizes), expected height and width")
    }
    // N x H x W x C
    var channelsFirst = try settled(feature, named: operation.name)
    channelsFirst.layout = channelsFirst.layout.transposed([0, 3, 1, 2])
    var result = try settled(
      try bordered(
        channelsFirst, Pad(top: before[1], left: before[2], bottom: after[1], right: after[2], value: value),
        operation.name), named: operation.name)
    result.layout = result.layout.transposed([0, 2, 3, 1])
    return .feature(result)
  }

  private mutating func bordered(
    _ feature: ONNXFeature, _ pad: Pad, _ name: String
  ) throws(ImportError) -> ONNXFeature {
    var feature = feature
    if let border = feature.border, border.value != pad.value { feature = try settled(feature, named: name) }
    let inner = feature.border ?? Pad(top: 0, left: 0, bottom: 0, right: 0)
    // Exporters write the lowest float where they mean that a maximum ignores the border.
    let value = pad.value <= -Float.greatestFiniteMagnitude ? -.infinity : pad.value
    feature.border = Pad(
      top: pad.top + inner.top, left: pad.left + inner.left, bottom: pad.bottom + inner.bottom,
      right: pad.right + inner.right, value: value)
    feature.functions = SampledFunctions(of: feature.node)
    return feature
  }

  /// By whole factors with repeated values, or to any size with half-pixel centers.
  mutating func resize(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let (node, shape) = try mapNode(try operation.feature(0), named: operation.name)
    guard case .map(let height, let width, let channels) = shape else { throw operation.error("resizes no map") }
    let sizes = [1, channels, height, width]
    let axes = try operation.ints("axes") ?? [0, 1, 2, 3]
    guard axes == [0, 1, 2, 3] || axes == [2, 3] else { throw operation.error("resizes the axes \(axes)") }
    let policy = try operation.string("keep_aspect_ratio_policy", default: "stretch")
    guard policy == "stretch" else {
      throw operation.error("resizes with the policy \"\(policy)\", expected \"stretch\"")
    }
    let offset = 4 - axes.count
    let isOld = operation.opset < 11
    var target = sizes
    if let given = try operation.ints(input: 3), !given.isEmpty, !isOld {
      guard given.count == axes.count else { throw operation.error("has the sizes \(given)") }
      for (index, size) in given.enumerated() { target[index + offset] = size }
    } else {
      var scales = try operation.constant(isOld ? 1 : 2)?.floats() ?? []
      if scales.isEmpty, case .floats(let attribute)? = operation.node.attributes["scales"] { scales = attribute }
      guard scales.count == axes.count, scales.allSatisfy({ $0 > 0 && $0 < 4096 }) else {
        throw operation.error("has the scales \(scales)")
      }
      for (index, scale) in scales.enumerated() {
        let size = Double(sizes[index + offset]) * Double(scale)
        // Positions are counted by the scale as it is stated, which is that of the sizes only where these are whole.
        guard (size - size.rounded()).magnitude < 1e-4 else {
          throw operation.error("resizes \(sizes[index + offset]) by \(scale), which gives no whole size")
        }
        target[index + offset] = Int(size.rounded())
      }
    }
    guard target[0] == 1, target[1] == channels, target[2] > 0, target[3] > 0 else {
      throw operation.error("resizes \(sizes) to \(target), expected other heights and widths only")
    }
    let value: (Int) -> ONNXValue = { node in
      .feature(
        ONNXFeature(
          node: node, layout: DimensionLayout(map: .map(height: target[2], width: target[3], channels: channels))))
    }
    if target == sizes { return value(node) }
    let extent = Extent(height: target[2], width: target[3])
    let resize = Resize(.size(extent), filter: try resizeFilter(operation, from: sizes, to: target))
    return value(try append(operation.name, .resize(resize), [node]))
  }

  private func resizeFilter(
    _ operation: ONNXOperation, from sizes: [Int], to target: [Int]
  ) throws(ImportError) -> Resize.Filter {
    let mode = try operation.string("mode", default: "nearest")
    let centers = try operation.string(
      "coordinate_transformation_mode", default: operation.opset < 11 ? "asymmetric" : "half_pixel")
    let isAntialiased = try operation.flag("antialias")
    let isWhole = target[2] % sizes[2] == 0 && target[3] % sizes[3] == 0
    let isHalfPixel = centers == "half_pixel" || centers == "pytorch_half_pixel" && target[2] > 1 && target[3] > 1
    switch mode {
    case "nearest":
      let rounding = try operation.string(
        "nearest_mode", default: operation.opset < 11 ? "floor" : "round_prefer_floor")
      // With whole factors both ways of counting repeat each value.
      let isRepetition =
        isWhole && (isHalfPixel && rounding.hasPrefix("round") || centers == "asymmetric" && rounding == "floor")
      guard isRepetition else { break }
      return .nearest
    case "linear", "bilinear":
      guard isHalfPixel, !isAntialiased else { break }
      return .bilinear
    default: break
    }
    throw operation.error(
      "resizes \(sizes) to \(target) by \"\(mode)\" with the centers \"\(centers)\", expected repetition or half pixels"
    )
  }
}

extension Shape {
  /// Height, width and channels, 1 x 1 for a vector.
  fileprivate var asMapDimensions: [Int] {
    switch self {
    case .map: dimensions
    case .vector(let count): [1, 1, count]
    }
  }
}
