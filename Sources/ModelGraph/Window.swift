/// A height and a width.
package struct Extent: Hashable, Sendable {
  package var height: Int
  package var width: Int

  package init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  package init(_ side: Int) { self.init(height: side, width: side) }
}

extension Extent: CustomStringConvertible {
  package var description: String { "\(height)x\(width)" }
}

/// How a window's border is filled.
package enum Padding: Hashable, Sendable {
  /// As TensorFlow means it: the output has ceil(input / stride) positions, and the padding that this needs is
  /// split evenly, the odd one after.
  case same
  /// No padding: only whole windows.
  case valid
  /// A fixed number of zeros on each side.
  case explicit(top: Int, left: Int, bottom: Int, right: Int)
}

/// The sliding window of a convolution or a pool.
package struct Window: Hashable, Sendable {
  package var size: Extent
  package var stride: Extent
  package var dilation: Extent
  package var padding: Padding

  package init(size: Extent, stride: Extent = Extent(1), dilation: Extent = Extent(1), padding: Padding = .same) {
    self.size = size
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  /// The positions of a window over an input, and the padding they imply.
  package struct Placement: Hashable, Sendable {
    package var output: Extent
    package var top: Int
    package var left: Int
    package var bottom: Int
    package var right: Int
  }

  /// Where the window lies on an input, or nil where a parameter is out of range or no whole window fits.
  package func placement(on input: Extent) -> Placement? {
    guard
      let rows = Self.axis(
        input: input.height, size: size.height, stride: stride.height, dilation: dilation.height,
        padding: padding.vertical),
      let columns = Self.axis(
        input: input.width, size: size.width, stride: stride.width, dilation: dilation.width,
        padding: padding.horizontal)
    else { return nil }
    return Placement(
      output: Extent(height: rows.output, width: columns.output),
      top: rows.before, left: columns.before, bottom: rows.after, right: columns.after)
  }

  private static func axis(
    input: Int, size: Int, stride: Int, dilation: Int, padding: Padding.Axis
  ) -> (output: Int, before: Int, after: Int)? {
    let range = 1...Limits.window
    guard (1...Limits.elements).contains(input), range.contains(size), range.contains(stride), range.contains(dilation)
    else { return nil }
    let reach = (size - 1) * dilation + 1
    switch padding {
    case .same:
      let output = (input + stride - 1) / stride
      let total = max((output - 1) * stride + reach - input, 0)
      return (output, total / 2, total - total / 2)
    case .fixed(let before, let after):
      let border = 0...Limits.window
      guard border.contains(before), border.contains(after), input + before + after >= reach else { return nil }
      return ((input + before + after - reach) / stride + 1, before, after)
    }
  }
}

extension Padding {
  fileprivate enum Axis {
    case same
    case fixed(before: Int, after: Int)
  }

  fileprivate var vertical: Axis {
    switch self {
    case .same: .same
    case .valid: .fixed(before: 0, after: 0)
    case .explicit(let top, _, let bottom, _): .fixed(before: top, after: bottom)
    }
  }

  fileprivate var horizontal: Axis {
    switch self {
    case .same: .same
    case .valid: .fixed(before: 0, after: 0)
    case .explicit(_, let left, _, let right): .fixed(before: left, after: right)
    }
  }
}
