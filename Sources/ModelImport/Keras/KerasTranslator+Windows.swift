import ModelGraph

/// Padding and pools. Zero padding becomes part of the window that reads it, where that has the same result.
extension KerasTranslator {
  mutating func padding(_ site: Site) throws(ImportError) -> Value {
    let layer = site.layer
    let input = try site.input()
    guard case .map = shape(of: input), input.channel == nil else { throw layer.error("ZeroPadding2D of a vector") }
    let border = try layer.border("padding")
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

  /// A window on a padded map, as the same window on the map itself with more padding.
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

  /// The maximum with zeros equals that without padding where no value is negative; otherwise the zeros are appended as
  /// an operation.
  mutating func maxPool(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    let window = try layer.poolWindow()
    guard input.border != Border(), isNeverNegative(input.node),
      let absorbed = poolable(try absorbing(input.border, into: window, of: input.node, layer))
    else { return try append(.maxPool(window), [input], at: site) }
    return try append(.maxPool(absorbed), [input.withoutBorder], at: site)
  }

  /// The zeros of a padding layer count in an average, while those of the pool's own padding do not.
  mutating func averagePool(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    let window = try layer.poolWindow()
    guard input.border != Border(), window.padding == .valid,
      let absorbed = poolable(try absorbing(input.border, into: window, of: input.node, layer))
    else { return try append(.averagePool(AveragePool(window: window)), [input], at: site) }
    return try append(
      .averagePool(AveragePool(window: absorbed, countsPadding: true)), [input.withoutBorder], at: site)
  }

  /// A window that covers a value of the map in every position, or nil.
  private func poolable(_ window: Window) -> Window? {
    guard case .explicit(let top, let left, let bottom, let right) = window.padding else { return window }
    return max(top, bottom) < window.size.height && max(left, right) < window.size.width ? window : nil
  }

  private func isNeverNegative(_ node: Int) -> Bool {
    let node = builder.graph.nodes[node]
    switch node.operation {
    case .activation(let activation): return activation.isNeverNegative
    case .softmax: return true
    case .maxPool, .averagePool: return isNeverNegative(node.inputs[0])
    default: return false
    }
  }
}

extension KerasLayer {
  /// One number, one for each axis, or one for each side.
  func border(_ option: String) throws(ImportError) -> KerasTranslator.Border {
    let sides: [Int?]
    switch config[option] {
    case .number?: sides = Array(repeating: config[option]?.int, count: 4)
    case .array(let axes)? where axes.count == 2:
      sides = axes.flatMap { axis -> [Int?] in
        if let pair = axis.array { return pair.count == 2 ? pair.map(\.int) : [nil] }
        return [axis.int, axis.int]
      }
    default: sides = []
    }
    let values = sides.compactMap(\.self)
    guard sides.count == 4, values.count == 4, values.allSatisfy({ (0...Limits.window).contains($0) }) else {
      throw unexpected(option, "whole numbers from 0")
    }
    return KerasTranslator.Border(top: values[0], left: values[2], bottom: values[1], right: values[3])
  }
}
