import ModelGraph

/// Zero padding becomes part of the window that reads it, where that is the same.
extension KerasTranslator {
  func padded(_ input: Value, by layer: KerasLayer) throws(ImportError) -> Value {
    try layer.requireChannelsLast()
    guard case .map = builder.shape(of: input.node) else { throw layer.error("ZeroPadding2D of a vector") }
    // The input's padding would be of pixels not yet rescaled.
    guard input.scaling == nil else { throw layer.error("ZeroPadding2D of a rescaled input") }
    let border = try layer.border()
    var value = input
    value.border = Border(
      top: input.border.top + border.top, left: input.border.left + border.left,
      bottom: input.border.bottom + border.bottom, right: input.border.right + border.right)
    guard
      [value.border.top, value.border.left, value.border.bottom, value.border.right]
        .allSatisfy({ $0 <= Limits.window })
    else { throw layer.error("pads by more than \(Limits.window)") }
    return value
  }

  /// A window on a padded map as the same window, padded more, on the map.
  func absorbing(
    _ border: Border, into window: Window, of node: Int, _ layer: KerasLayer
  ) throws(ImportError) -> Window {
    guard border != Border(), case .map(let height, let width, _) = builder.shape(of: node) else { return window }
    let padded = Extent(height: height + border.top + border.bottom, width: width + border.left + border.right)
    guard let placement = window.placement(on: padded) else {
      throw layer.error("a window of \(window.size) does not fit an input of \(padded)")
    }
    var absorbed = window
    absorbed.padding = .explicit(
      top: placement.top + border.top, left: placement.left + border.left,
      bottom: placement.bottom + border.bottom, right: placement.right + border.right)
    return absorbed
  }

  /// The maximum over zeros is that over no padding at all where no value is negative.
  mutating func appendMaxPool(
    _ layer: KerasLayer, _ address: WeightAddress, _ input: Value
  ) throws(ImportError) -> Value {
    guard input.border == Border() || isNeverNegative(input.node) else {
      throw layer.error("max pooling of zero padding is exact only after ReLU, sigmoid or softmax")
    }
    let window = try absorbing(input.border, into: try layer.poolWindow(), of: input.node, layer)
    return Value(
      node: try append(address.layer, .maxPool(window), [try node(of: input, readBy: address.layer)], of: address.layer)
    )
  }

  /// The zeros of a padding layer count in an average, those of the pool's own padding do not.
  mutating func appendAveragePool(
    _ layer: KerasLayer, _ address: WeightAddress, _ input: Value
  ) throws(ImportError) -> Value {
    let window = try layer.poolWindow()
    guard input.border == Border() || window.padding == .valid else {
      throw layer.error("average pooling with padding \"same\" of zero padding cannot be expressed")
    }
    let pool = AveragePool(
      window: try absorbing(input.border, into: window, of: input.node, layer), countsPadding: input.border != Border())
    return Value(
      node: try append(
        address.layer, .averagePool(pool), [try node(of: input, readBy: address.layer)], of: address.layer))
  }

  private func isNeverNegative(_ node: Int) -> Bool {
    let node = builder.graph.nodes[node]
    switch node.operation {
    case .activation(.relu), .activation(.relu6), .activation(.sigmoid), .softmax: return true
    case .maxPool, .averagePool: return isNeverNegative(node.inputs[0])
    default: return false
    }
  }
}

extension KerasLayer {
  /// `padding` as one number, one for each axis, or one for each side.
  fileprivate func border() throws(ImportError) -> KerasTranslator.Border {
    let sides: [Int?]
    switch config["padding"] {
    case .number?: sides = Array(repeating: config["padding"]?.int, count: 4)
    case .array(let axes)? where axes.count == 2:
      sides = axes.flatMap { axis -> [Int?] in
        if let pair = axis.array { return pair.count == 2 ? pair.map(\.int) : [nil] }
        return [axis.int, axis.int]
      }
    default: sides = []
    }
    let values = sides.compactMap(\.self)
    guard sides.count == 4, values.count == 4, values.allSatisfy({ (0...Limits.window).contains($0) }) else {
      throw unexpected("padding", "whole numbers from 0")
    }
    return KerasTranslator.Border(top: values[0], left: values[2], bottom: values[1], right: values[3])
  }
}
