import ModelGraph

extension ONNXValue {
  static func scalar(_ value: Float) -> ONNXValue { .constant(ONNXConstant(dimensions: [], values: .floats([value]))) }
}

/// Elementwise arithmetic with ONNX's broadcasting: dimensions are matched from the last one on, and those of 1 are
/// repeated.
extension ONNXTranslator {
  mutating func binary(_ kind: Binary, _ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    if kind == .sum, let dense = try denseWithBias(operation) { return dense }
    if kind == .quotient, let normalized = try writtenOutLayerNormalization(operation) { return normalized }
    return try combined(kind, try operation.value(0), try operation.value(1), operation)
  }

  mutating func variadic(_ kind: Binary, _ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    var result = try operation.value(0)
    for index in operation.inputs.indices.dropFirst() {
      result = try combined(kind, result, try operation.value(index), operation)
    }
    return result
  }

  mutating func combined(
    _ kind: Binary, _ first: ONNXValue, _ second: ONNXValue, _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXValue {
    switch (first, second) {
    case (.feature(let first), .feature(let second)):
      return .feature(
        try recognized(
          try combinedFeatures(
            kind, try settled(first, named: operation.name), try settled(second, named: operation.name), operation),
          named: operation.name))
    case (.feature(let feature), .constant(let constant)):
      return .feature(
        try recognized(
          try combined(kind, try settled(feature, named: operation.name), constant, isFirst: false, operation),
          named: operation.name))
    case (.constant(let constant), .feature(let feature)):
      return .feature(
        try recognized(
          try combined(kind, try settled(feature, named: operation.name), constant, isFirst: true, operation),
          named: operation.name))
    case (.failure(let error), _), (_, .failure(let error)): throw error
    case (.constant, .constant): throw operation.error("its inputs are constants that are too large to compute with")
    }
  }

  // MARK: Two values

  private mutating func combinedFeatures(
    _ kind: Binary, _ first: ONNXFeature, _ second: ONNXFeature, _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXFeature {
    let rank = max(first.sizes.count, second.sizes.count)
    var layouts = (first.layout.withLeadingOnes(rank: rank), second.layout.withLeadingOnes(rank: rank))
    let sizes = try repeated(layouts.0.sizes, layouts.1.sizes, operation)
    var (one, other) = (first, second)
    let functions = first.functions.combined(with: second.functions) { kind.value($0, $1) }
    if layouts.0.sizes == sizes || layouts.1.sizes == sizes {
      let isFirstHost = layouts.0.sizes == sizes
      var (host, guest) = isFirstHost ? layouts : (layouts.1, layouts.0)
      let places = try align(&host, &guest, operation)
      layouts = isFirstHost ? (host, guest) : (guest, host)
      (one.layout, other.layout) = layouts
      let hostFeature = isFirstHost ? one : other
      let axes = try runs(of: host, isPresent: { places[$0] != nil }, node: hostFeature.node, operation)
      let hostNode = try arranged(hostFeature, host.order, axes.host, named: operation.name)
      let order = host.order.compactMap { places[$0] }
      let guestFeature = isFirstHost ? other : one
      // A map of one position is used as a vector.
      let present = builder.shape(of: guestFeature.node)
      let shape = present.isVector(axes.guest) ? present : axes.guest
      let guestNode = try arranged(guestFeature, order, shape, named: operation.name)
      let nodes = isFirstHost ? [hostNode, guestNode] : [guestNode, hostNode]
      var result = ONNXFeature(node: try appendBinary(kind, nodes, operation), layout: host)
      // Only of values as they were: those that were put into another order are other values.
      if nodes == [first.node, second.node] { result.functions = functions }
      return result
    }
    // Each is repeated: a map of one position and one of a single channel.
    (one.layout, other.layout) = layouts
    let nodes = [try mapNode(one, named: operation.name).node, try mapNode(other, named: operation.name).node]
    let node = try appendBinary(kind, nodes, operation)
    return ONNXFeature(node: node, layout: DimensionLayout(map: builder.shape(of: node)))
  }

  private mutating func appendBinary(
    _ kind: Binary, _ nodes: [Int], _ operation: ONNXOperation
  ) throws(ImportError) -> Int {
    let isPlainSum = kind == .sum && builder.shape(of: nodes[0]) == builder.shape(of: nodes[1])
    return try append(operation.name, isPlainSum ? .add : .binary(kind), nodes)
  }

  /// Cuts both layouts into common factors; for each factor of the host that the guest has, the guest's.
  private func align(
    _ host: inout DimensionLayout, _ guest: inout DimensionLayout, _ operation: ONNXOperation
  ) throws(ImportError) -> [Factor: Factor] {
    guard let counterparts = host.align(with: &guest) else {
      throw operation.error("its inputs \(host.sizes) and \(guest.sizes) lie in memory in ways that cannot be matched")
    }
    return Dictionary(counterparts.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
  }

  private func repeated(_ first: [Int], _ second: [Int], _ operation: ONNXOperation) throws(ImportError) -> [Int] {
    guard zip(first, second).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else {
      throw operation.error("its inputs \(first) and \(second) cannot be repeated to one shape")
    }
    return zip(first, second).map { max($0, $1) }
  }

  /// Shapes for a value and one that is repeated along some of its factors, which a shape has room for in three runs.
  private func runs(
    of layout: DimensionLayout, isPresent: (Factor) -> Bool, node: Int, _ operation: ONNXOperation
  ) throws(ImportError) -> (host: Shape, guest: Shape) {
    let present = builder.shape(of: node)
    if let axes = layout.axes(of: present) {
      let kept = axes.map { axis in axis.filter(isPresent) }
      if zip(axes, kept).allSatisfy({ $1.isEmpty || $0.count == $1.count }) {
        let sizes = kept.map(\.size)
        if case .vector = present { return (present, .vector(sizes[2])) }
        return (
          present,
          sizes[0] * sizes[1] == 1 ? .vector(sizes[2]) : .map(height: sizes[0], width: sizes[1], channels: sizes[2])
        )
      }
    }
    var runs: [(size: Int, isPresent: Bool)] = []
    for factor in layout.order {
      if let last = runs.last, last.isPresent == isPresent(factor) {
        runs[runs.count - 1].size *= factor.size
      } else {
        runs.append((factor.size, isPresent(factor)))
      }
    }
    guard runs.count <= 3 else { throw operation.error("repeats one of its inputs in a way that cannot be expressed") }
    runs = [(size: Int, isPresent: Bool)](repeating: (1, false), count: 3 - runs.count) + runs
    let guest = runs.map { $0.isPresent ? $0.size : 1 }
    return (
      .map(height: runs[0].size, width: runs[1].size, channels: runs[2].size),
      .map(height: guest[0], width: guest[1], channels: guest[2])
    )
  }

  // MARK: A value and a constant

  private mutating func combined(
    _ kind: Binary, _ feature: ONNXFeature, _ constant: ONNXConstant, isFirst: Bool, _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXFeature {
    let rank = max(feature.sizes.count, constant.dimensions.count)
    let layout = feature.layout.withLeadingOnes(rank: rank)
    let aligned = try constant.withLeadingOnes(rank: rank)
    guard try repeated(layout.sizes, aligned.dimensions, operation) == layout.sizes else {
      throw operation.error("repeats a value of \(layout.sizes) to a constant's \(constant.dimensions)")
    }
    let dimensions = aligned.dimensions.indices.filter { aligned.dimensions[$0] > 1 }
    let kept = Set(layout.factors(of: dimensions))
    let ordered = try permuted(aligned, dimensions, of: layout)
    let shapes = try runs(of: layout, isPresent: kept.contains, node: feature.node, operation)
    var host = feature
    host.layout = layout
    let node = try arranged(host, layout.order, shapes.host, named: operation.name)
    let result: Int
    if case .vector(let count) = shapes.guest, count == 1 || count == shapes.host.channels,
      let affine = try appendAffine(kind, node, ordered, isFirst: isFirst, operation)
    {
      result = affine
    } else {
      let values = try append(
        operation.name + "/constant", .constant(shapes.guest), [], weights: [ordered.reshaped(shapes.guest.dimensions)])
      result = try append(operation.name, .binary(kind), isFirst ? [values, node] : [node, values])
    }
    var combined = ONNXFeature(node: result, layout: layout)
    if ordered.elementCount == 1, node == feature.node {
      let value = Double(try ordered.floats()[0])
      combined.functions = feature.functions.mapped { isFirst ? kind.value(value, $0) : kind.value($0, value) }
    }
    return combined
  }

  /// A factor or a summand for each channel, as a normalization, which the optimizer folds away.
  private mutating func appendAffine(
    _ kind: Binary, _ node: Int, _ constant: ONNXConstant, isFirst: Bool, _ operation: ONNXOperation
  ) throws(ImportError) -> Int? {
    let channels = builder.shape(of: node).channels
    var values = try constant.floats()
    if values.count == 1 { values = [Float](repeating: values[0], count: channels) }
    var (gamma, beta): ([Float]?, [Float]?) = (nil, nil)
    switch kind {
    case .sum: beta = values
    case .product: gamma = values
    case .difference:
      beta = isFirst ? values : values.map { -$0 }
      if isFirst { gamma = [Float](repeating: -1, count: channels) }
    case .quotient where !isFirst:
      gamma = values.map { 1 / $0 }
    default: return nil
    }
    guard gamma?.allSatisfy(\.isFinite) ?? true, beta?.allSatisfy(\.isFinite) ?? true else { return nil }
    let rows = [gamma, beta, [Float](repeating: 0, count: channels), [Float](repeating: 1, count: channels)]
    return try append(
      operation.name,
      .batchNormalization(BatchNormalization(epsilon: 0, hasGamma: gamma != nil, hasBeta: beta != nil)), [node],
      weights: rows.compactMap(\.self).map { ONNXConstant(dimensions: [channels], values: .floats($0)) })
  }

  /// A constant's values in the order of a value's factors.
  ///
  /// - Parameter dimensions: Those of the value that the constant has; its others are 1.
  func permuted(
    _ constant: ONNXConstant, _ dimensions: [Int], of layout: DimensionLayout
  ) throws(ImportError) -> ONNXConstant {
    let factors = layout.factors(of: dimensions)
    let order = layout.order.filter(Set(factors).contains)
    let permutation = order.compactMap { factors.firstIndex(of: $0) }
    return try constant.reshaped(factors.map(\.size)).transposed(permutation).reshaped([factors.size])
  }

  // MARK: Others

  /// Whole and half powers, each as what it is, others as `exp(exponent * log(x))`.
  mutating func power(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let base = try operation.value(0)
    guard let exponent = try operation.scalar(input: 1) else { throw operation.error("has no exponent") }
    switch exponent {
    case 1: return base
    case 0.5: return try activation(.squareRoot, operation)
    case 2, 3, 4:
      let square = try combined(.product, base, base, operation)
      if exponent == 2 { return square }
      return try combined(.product, square, exponent == 3 ? base : square, operation)
    case _ where exponent > 0 && exponent != exponent.rounded():
      guard case .feature(let logarithm) = try activation(.logarithm, operation),
        case .feature(let product) = try combined(.product, .feature(logarithm), .scalar(exponent), operation)
      else { return base }
      return try applying(.exponential, to: product, named: operation.name)
    default: throw operation.error("raises to the power \(exponent), expected 1, 2, 3, 4 or a positive fraction")
    }
  }

  mutating func negated(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    try combined(.product, try operation.value(0), .scalar(-1), operation)
  }

  mutating func absolute(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    try combined(.maximum, try operation.value(0), try negated(operation), operation)
  }

  mutating func reciprocal(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    try combined(.quotient, .scalar(1), try operation.value(0), operation)
  }
}

extension DimensionLayout {
  /// The factors of each axis of a shape (rows, columns, channels), or nil where an axis ends within a factor.
  func axes(of shape: Shape) -> [[Factor]]? {
    var sizes = shape.dimensions
    if sizes.count == 1 { sizes = [1, 1] + sizes }
    var rest = order[...]
    var axes: [[Factor]] = []
    for size in sizes {
      var axis: [Factor] = []
      while axis.size < size, let factor = rest.popFirst() { axis.append(factor) }
      guard axis.size == size else { return nil }
      axes.append(axis)
    }
    return rest.isEmpty ? axes : nil
  }
}

extension Shape {
  /// Whether this is one position of the other shape, a vector.
  fileprivate func isVector(_ other: Shape) -> Bool {
    if case .vector(let count) = other { self == .map(height: 1, width: 1, channels: count) } else { false }
  }
}

extension Binary {
  func value(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .sum: a + b
    case .difference: a - b
    case .product: a * b
    case .quotient: a / b
    case .maximum: max(a, b)
    case .minimum: min(a, b)
    }
  }
}
