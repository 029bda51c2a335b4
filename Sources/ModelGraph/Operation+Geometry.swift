/// What global pooling computes for each channel.
package struct GlobalPool: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case average, maximum
  }

  package var kind: Kind
  /// Whether the value is a map of one position rather than a vector.
  package var keepsDimensions: Bool

  package init(_ kind: Kind, keepsDimensions: Bool = false) {
    self.kind = kind
    self.keepsDimensions = keepsDimensions
  }
}

/// How far a border reaches, and what it holds.
package struct Pad: Hashable, Sendable {
  package var top: Int
  package var left: Int
  package var bottom: Int
  package var right: Int
  package var value: Float

  package init(top: Int, left: Int, bottom: Int, right: Int, value: Float = 0) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
    self.value = value
  }
}

/// The rows, columns and channels of a map that are kept: `count` of them from `first` on. A vector has one row and one column.
package struct Slice: Hashable, Sendable {
  package struct Axis: Hashable, Sendable {
    package var first: Int
    package var count: Int

    package init(first: Int, count: Int) {
      self.first = first
      self.count = count
    }
  }

  package var rows: Axis
  package var columns: Axis
  package var channels: Axis

  package init(rows: Axis, columns: Axis, channels: Axis) {
    self.rows = rows
    self.columns = columns
    self.channels = channels
  }
}

/// A map of another height and width.
package struct Resize: Hashable, Sendable {
  package enum Target: Hashable, Sendable {
    /// So many times as high and as wide.
    case factor(Extent)
    case size(Extent)
  }

  package enum Filter: String, Hashable, Sendable, CaseIterable {
    /// Position `floor((i + 0.5) * scale)`, in single precision as in TensorFlow; with whole factors, each is repeated.
    case nearest
    /// The four nearest positions by distance, with half-pixel centers, without antialiasing: `tf.image.resize`.
    case bilinear
    /// The sixteen nearest positions by Keys's cubic convolution with the coefficient -0.5, likewise; the place between two
    /// positions is rounded to 1/1024, and positions outside the map do not count.
    case bicubic
    /// Those up to 3 positions away, by Lanczos's kernel, likewise but not rounded.
    case lanczos3
    /// Those up to 5 positions away.
    case lanczos5
  }

  package var target: Target
  package var filter: Filter

  package init(_ target: Target, filter: Filter) {
    self.target = target
    self.filter = filter
  }
}

/// The transpose of a convolution: each input position adds its kernel to the output, `stride` positions apart.
///
/// Parameters: a kernel of height x width x input channels x output channels, and a bias if there is one. Of the output
/// that the kernels cover, `(input - 1) * stride + (size - 1) * dilation + 1` positions a side, the border `padding` is cut
/// away, and `extra` positions of zeros (and the bias) are added below and on the right.
package struct TransposedConvolution: Hashable, Sendable {
  package struct Border: Hashable, Sendable {
    package var top: Int
    package var left: Int
    package var bottom: Int
    package var right: Int

    package init(top: Int, left: Int, bottom: Int, right: Int) {
      self.top = top
      self.left = left
      self.bottom = bottom
      self.right = right
    }
  }

  package var size: Extent
  package var stride: Extent
  package var dilation: Extent
  package var padding: Border
  package var extra: Extent
  package var outputChannels: Int
  package var hasBias: Bool

  package init(
    size: Extent, stride: Extent, dilation: Extent = Extent(1), padding: Border, extra: Extent = Extent(0),
    outputChannels: Int, hasBias: Bool = false
  ) {
    self.size = size
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.extra = extra
    self.outputChannels = outputChannels
    self.hasBias = hasBias
  }
}
