import ModelGraph

/// Maps whose borders go on with their own rows and columns, as in front of the blurs of antialiased networks.
extension ONNXTranslator {
  /// Which row or column stands in a border.
  enum Continuation: String {
    case reflect, edge, wrap

    /// The place among `count` that stands at a place outside of them; nil where it is outside, too.
    fileprivate func source(of place: Int, count: Int) -> Int? {
      let source =
        switch self {
        case .reflect: place < 0 ? -place : 2 * (count - 1) - place
        case .edge: place < 0 ? 0 : count - 1
        case .wrap: place < 0 ? place + count : place - count
        }
      return (0..<count).contains(source) ? source : nil
    }
  }

  /// Lines that a side may get: each is a node, and a map as large as the result.
  private static let longestContinuation = 8

  /// First above and below, then at both sides, whose corners come from the rows that were added.
  mutating func continued(
    _ feature: ONNXFeature, _ continuation: Continuation, _ pad: Pad, _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXFeature {
    let longest = max(pad.top, pad.left, pad.bottom, pad.right)
    guard longest <= Self.longestContinuation else {
      throw operation.error(
        "pads by \(longest) in the mode \"\(continuation.rawValue)\", expected at most \(Self.longestContinuation)")
    }
    var (node, shape) = try mapNode(feature, named: operation.name)
    node = try continued(node, continuation, (pad.top, pad.bottom), isVertical: true, operation)
    node = try continued(node, continuation, (pad.left, pad.right), isVertical: false, operation)
    shape = builder.shape(of: node)
    return ONNXFeature(node: node, layout: DimensionLayout(map: shape))
  }

  /// The sum of the map and of each added line, all among zeros.
  private mutating func continued(
    _ node: Int, _ continuation: Continuation, _ pads: (before: Int, after: Int), isVertical: Bool,
    _ operation: ONNXOperation
  ) throws(ImportError) -> Int {
    if pads.before + pads.after == 0 { return node }
    let sides = builder.shape(of: node).dimensions
    let count = isVertical ? sides[0] : sides[1]
    func zeros(_ before: Int, _ after: Int) -> Pad {
      isVertical
        ? Pad(top: before, left: 0, bottom: after, right: 0) : Pad(top: 0, left: before, bottom: 0, right: after)
    }
    var parts = [try append(operation.name + "/inside", .pad(zeros(pads.before, pads.after)), [node])]
    for place in Array(-pads.before..<0) + Array(count..<count + pads.after) {
      guard let source = continuation.source(of: place, count: count) else {
        throw operation.error("pads \(count) by \(pads) in the mode \"\(continuation.rawValue)\"")
      }
      var axes = sides.map { Slice.Axis(first: 0, count: $0) }
      axes[isVertical ? 0 : 1] = Slice.Axis(first: source, count: 1)
      let line = try append(
        operation.name + "/line", .slice(Slice(rows: axes[0], columns: axes[1], channels: axes[2])), [node])
      let before = place + pads.before
      let pad = zeros(before, count + pads.before + pads.after - before - 1)
      parts.append(try append(operation.name + "/placed", .pad(pad), [line]))
    }
    return try append(operation.name, .add, parts)
  }
}
