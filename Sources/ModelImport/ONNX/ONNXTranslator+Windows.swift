import ModelGraph

extension ONNXOperation {
  /// Padding as ONNX lists it: the beginnings of both axes, then the ends.
  func pads() throws(ImportError) -> (top: Int, left: Int, bottom: Int, right: Int) {
    let pads = try ints("pads") ?? [0, 0, 0, 0]
    guard pads.count == 4, pads.allSatisfy({ (0...Limits.window).contains($0) }) else {
      throw error("has the pads \(pads), expected four of 0 to \(Limits.window)")
    }
    return (pads[0], pads[1], pads[2], pads[3])
  }

  func extent(_ name: String, default value: Int) throws(ImportError) -> Extent {
    guard let sides = try ints(name) else { return Extent(value) }
    guard sides.count == 2, sides.allSatisfy({ (0...Limits.window).contains($0) }) else {
      throw error("has the \(name) \(sides), expected two of at most \(Limits.window)")
    }
    return Extent(height: sides[0], width: sides[1])
  }
}

/// Convolutions' and pools' windows, and the pools themselves.
extension ONNXTranslator {
  /// A window, and how far it reaches beyond the input only because sizes are rounded up (`ceil_mode`).
  struct PlacedWindow {
    var window: Window
    var extraRows = 0
    var extraColumns = 0
  }

  /// The map that a window reads and the window on it; a border of the absorbed value becomes padding.
  mutating func windowed(
    _ operation: ONNXOperation, size: Extent, absorbing value: Float
  ) throws(ImportError) -> (node: Int, window: PlacedWindow) {
    var feature = try operation.feature(0)
    let automatic = try operation.string("auto_pad", default: "NOTSET")
    let roundsUp = try operation.flag("ceil_mode")
    // SAME pads by the size of the input, of which the border is a part.
    if let border = feature.border, border.value != value || automatic.hasPrefix("SAME") {
      feature = try settled(feature, named: operation.name)
    }
    let border = feature.border
    feature.border = nil
    let (node, shape) = try mapNode(feature, named: operation.name)
    guard size.height > 0, size.width > 0 else { throw operation.error("has a window of \(size)") }
    var window = Window(
      size: size, stride: try operation.extent("strides", default: 1),
      dilation: try operation.extent("dilations", default: 1), padding: .valid)
    guard window.stride.height > 0, window.stride.width > 0 else { throw operation.error("has a stride of 0") }
    switch automatic {
    case "NOTSET":
      let pads = try operation.pads()
      window.padding = .explicit(
        top: pads.top + (border?.top ?? 0), left: pads.left + (border?.left ?? 0),
        bottom: pads.bottom + (border?.bottom ?? 0), right: pads.right + (border?.right ?? 0))
    case "VALID":
      if let border {
        window.padding = .explicit(top: border.top, left: border.left, bottom: border.bottom, right: border.right)
      }
    case "SAME_UPPER": window.padding = .same
    case "SAME_LOWER": window.padding = Self.oddBefore(window, on: shape)
    default: throw operation.error("has the auto_pad \"\(automatic)\"")
    }
    if case .explicit(0, 0, 0, 0) = window.padding { window.padding = .valid }
    let placed = roundsUp ? Self.roundedUp(window, on: shape, border) : PlacedWindow(window: window)
    return (node, placed)
  }

  /// `SAME_LOWER`: as `same`, with the odd position before instead of after.
  private static func oddBefore(_ window: Window, on shape: Shape) -> Padding {
    var same = window
    same.padding = .same
    guard case .map(let height, let width, _) = shape,
      let placement = same.placement(on: Extent(height: height, width: width))
    else { return .same }
    return .explicit(top: placement.bottom, left: placement.right, bottom: placement.top, right: placement.left)
  }

  /// With enough padding for a last, partial window; a window that would begin beyond the input does not count.
  ///
  /// - Parameter border: The part of the padding that is the input's own: windows may begin there.
  private static func roundedUp(_ window: Window, on shape: Shape, _ border: Pad?) -> PlacedWindow {
    var pads = (top: 0, left: 0, bottom: 0, right: 0)
    switch window.padding {
    case .same: return PlacedWindow(window: window)
    case .valid: break
    case .explicit(let top, let left, let bottom, let right): pads = (top, left, bottom, right)
    }
    guard case .map(let height, let width, _) = shape else { return PlacedWindow(window: window) }
    func extra(
      _ input: Int, _ before: Int, _ after: Int, _ own: Int, _ size: Int, _ stride: Int, _ dilation: Int
    ) -> Int {
      let free = input + before + after - ((size - 1) * dilation + 1)
      guard free >= 0, free % stride != 0 else { return 0 }
      let steps = free / stride + 1
      return steps * stride >= input + before + own ? 0 : steps * stride - free
    }
    var placed = PlacedWindow(
      window: window,
      extraRows: extra(
        height, pads.top, pads.bottom, border?.bottom ?? 0, window.size.height, window.stride.height,
        window.dilation.height),
      extraColumns: extra(
        width, pads.left, pads.right, border?.right ?? 0, window.size.width, window.stride.width,
        window.dilation.width))
    if placed.extraRows + placed.extraColumns > 0 {
      placed.window.padding = .explicit(
        top: pads.top, left: pads.left, bottom: pads.bottom + placed.extraRows, right: pads.right + placed.extraColumns)
    }
    return placed
  }

  private func poolSize(_ operation: ONNXOperation) throws(ImportError) -> Extent {
    guard operation.node.attributes["kernel_shape"] != nil else { throw operation.error("has no kernel_shape") }
    return try operation.extent("kernel_shape", default: 1)
  }

  mutating func maxPool(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let (node, placed) = try windowed(operation, size: try poolSize(operation), absorbing: -.infinity)
    return try appendWindow(.maxPool(placed.window), node, operation)
  }

  mutating func averagePool(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let size = try poolSize(operation)
    let countsPadding = try operation.flag("count_include_pad")
    // The zeros of a border count; beside padding that does not count, the border must be an operation of its own.
    let hasPads = try operation.pads() != (0, 0, 0, 0)
    let absorbs = countsPadding || !hasPads
    let roundsUp = try operation.flag("ceil_mode")
    // SAME pads what the border has made larger, and counts by itself.
    let isSame = try operation.string("auto_pad", default: "NOTSET").hasPrefix("SAME")
    let hasBorder = try operation.feature(0).border != nil && !roundsUp && !isSame
    var (node, placed) = try windowed(operation, size: size, absorbing: absorbs && !roundsUp ? 0 : .nan)
    let counts = countsPadding || hasBorder && absorbs
    if counts, placed.extraRows + placed.extraColumns > 0,
      case .explicit(let top, let left, let bottom, let right) = placed.window.padding
    {
      // Padding counts; what a rounded-up window reads beyond it does not.
      let border = Pad(top: top, left: left, bottom: bottom - placed.extraRows, right: right - placed.extraColumns)
      node = try append(operation.name + "/pad", .pad(border), [node])
      placed.window.padding = .explicit(top: 0, left: 0, bottom: placed.extraRows, right: placed.extraColumns)
      return try appendWindow(.averagePool(AveragePool(window: placed.window)), node, operation)
    }
    let pool = AveragePool(window: placed.window, countsPadding: counts && placed.window.padding != .valid)
    return try appendWindow(.averagePool(pool), node, operation)
  }

  private mutating func appendWindow(
    _ pool: Operation, _ input: Int, _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXValue {
    let node = try append(operation.name, pool, [input])
    return .feature(ONNXFeature(node: node, layout: DimensionLayout(map: builder.shape(of: node))))
  }

  mutating func globalPool(_ kind: GlobalPool.Kind, _ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let feature = try operation.feature(0)
    guard feature.sizes.count > 2 else { throw operation.error("pools a value of \(feature.sizes), expected a map") }
    return try reduced(
      kind, feature, Array(2..<feature.sizes.count), keepsDimensions: true, operation)
  }

  /// `ReduceMean` and `ReduceMax`: the means or maxima over some dimensions, all where none are named.
  mutating func reduction(_ kind: GlobalPool.Kind, _ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let feature = try operation.feature(0)
    let rank = feature.sizes.count
    let axes = try operation.axes(input: 1, rank: rank) ?? []
    if axes.isEmpty, try operation.flag("noop_with_empty_axes") { return .feature(feature) }
    return try reduced(
      kind, feature, axes.isEmpty ? Array(0..<rank) : axes,
      keepsDimensions: try operation.int("keepdims", default: 1) != 0, operation)
  }

  /// The mean, times how many values each is of.
  mutating func reducedSum(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let before = try operation.feature(0)
    guard case .feature(let mean) = try reduction(.average, operation) else { return .feature(before) }
    // With the border, which the layout is without.
    let count = before.sizes.reduce(1, *) / mean.layout.elementCount
    return count == 1 ? .feature(mean) : try combined(.product, .feature(mean), .scalar(Float(count)), operation)
  }

  mutating func reduced(
    _ kind: GlobalPool.Kind, _ feature: ONNXFeature, _ dimensions: [Int], keepsDimensions: Bool,
    _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXValue {
    let feature = try settled(feature, named: operation.name)
    let kept = feature.layout.sizes.indices.filter { !dimensions.contains($0) }
    var (node, layout) = try innermost(feature, kept, named: operation.name)
    let result = layout.reduced(dimensions, keepsDimensions: keepsDimensions)
    guard layout.elementCount > result.elementCount else { return .feature(ONNXFeature(node: node, layout: result)) }
    // The dimensions that remain last are channels, even where all others have one position.
    if case .vector(let count) = builder.shape(of: node) {
      let channels = result.elementCount
      node = try reshaped(node, .map(height: count / channels, width: 1, channels: channels), named: operation.name)
    }
    let isMap = keepsDimensions && result.dimensions.count == 4
    let pool = GlobalPool(kind, keepsDimensions: isMap)
    layout = result
    return .feature(ONNXFeature(node: try append(operation.name, .globalPool(pool), [node]), layout: layout))
  }
}
