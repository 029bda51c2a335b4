import Kernels
import ModelGraph

/// One kernel call of a plan, on maps that are known by index. Trivial values only: running a plan touches no reference
/// count.
enum Step {
  case input(map: Int)
  case product(ProductStep)
  case winograd(WinogradStep)
  case depthwise(DepthwiseStep)
  case pool(PoolStep)
  case globalPool(from: Int, to: Int, GlobalPool.Kind)
  /// The mean of a map, from the sums that a depthwise step left beside its rows.
  case mean(from: Int, to: Int)
  case activate(from: Int, to: Int, Activation)
  case add(from: Int, and: Int, to: Int)
  case normalize(from: Int, to: Int, scale: Int, shift: Int)
  case parametricRelu(from: Int, to: Int, slopes: Int)
  case binary(BinaryStep)
  case softmax(from: Int, to: Int)
  /// Copies channels into a part of the output's channels; the last part clears the padding.
  case join(from: Int, to: Int, firstChannel: Int)
  /// The same values in the same order, of one pixel or of pixels of as many channels, or of a map as a vector.
  case reshape(from: Int, to: Int)
  case slice(from: Int, to: Int, Slice)
  /// Zeros around a map.
  case pad(from: Int, to: Int, top: Int, left: Int)
  case rowwise(RowwiseStep)
  case result(map: Int, Result)

  /// Where a value is copied for the caller.
  enum Result {
    case output
    case features
    /// The last map before pooling.
    case map
  }
}

/// A window over a map of known size.
struct PlacedWindow: Equatable {
  var height: Int
  var width: Int
  var strideDown: Int
  var strideAcross: Int
  var dilationDown: Int
  var dilationAcross: Int
  var top: Int
  var left: Int

  init(_ window: Window, _ placement: Window.Placement) {
    height = window.size.height
    width = window.size.width
    strideDown = window.stride.height
    strideAcross = window.stride.width
    dilationDown = window.dilation.height
    dilationAcross = window.dilation.width
    top = placement.top
    left = placement.left
  }

  /// The rows or columns from a window's first tap to its last.
  var reachDown: Int { (height - 1) * dilationDown + 1 }
  var reachAcross: Int { (width - 1) * dilationAcross + 1 }
  var taps: Int { height * width }
}

/// Rows of pixels, produced in blocks that fit a cache, times packed weights.
struct ProductStep {
  enum Producer {
    /// Depthwise sums of the input; the offset of the weights.
    case depthwise(PlacedWindow, weights: Int)
    /// The part of a range of channels that the window covers.
    case gather(PlacedWindow, channels: Range<Int>)
    /// What the window covers of an image, read where it is (see `ImageProduct`).
    case image(PlacedWindow)
    /// The input is a vector, which is a row panel already.
    case vector
  }

  var input: Int
  var output: Int
  /// The map that is added, where there is one.
  var residual: Int?
  var producer: Producer
  /// One pixel whose values each pixel of the input is multiplied by before it is gathered.
  var scale: Int?
  /// Applied to what the producer reads: `identity` or `relu`.
  var inputActivation: Activation
  /// Applied to what a depthwise producer makes.
  var middleActivation = Activation.identity
  var shape: ProductShape
  var panels: Range<Int>
  /// The panel whose last half vector is padding, where there is one, and that whose last vector is.
  var narrowPanel: Int?
  var singlePanel: Int?
  /// Offsets of the column panels and of the padded bias; both start at panel 0.
  var weights: ColumnWeights
  var bias: Int
  var activation: Activation
  /// The most tiles of a block.
  var blockTiles: Int
  /// What its rows of integers are copied from, where windows overlap.
  var bands: RowBands?
  /// Whether a level of Strassen's product saves an eighth of the multiplications; for depthwise rows only.
  var isStrassen = false
}

/// Where the column panels of a product lie.
struct ColumnWeights {
  /// Where panel 0 starts, or would start.
  var panels: Int
  /// A factor for each column, and where the sums of each start; for integers only.
  var scales = 0
  var starts = 0
}

/// How Winograd's transforms divide a map.
package enum WinogradTiling: Sendable {
  /// F(4x4,3x3), for convolutions of 3 x 3.
  case square
  /// F(2x2,3x3), for those whose products are of bytes.
  case bytes
  /// F(4x4,5x5), for convolutions of 5 x 5.
  case five
  /// F(6x6,3x3), for those of 3 x 3 on large maps.
  case six
  /// F(2,7), for convolutions of 1 x 7 and of 7 x 1.
  case row
  case column

  var isLine: Bool { self == .row || self == .column }

  /// Whether windows are of 8 x 8 pixels.
  var isWide: Bool { self == .five || self == .six }

  /// Of a side of the kernel, where it is square.
  var taps: Int { self == .five ? 5 : 3 }

  static let mostPoints = 64

  /// The products of a window.
  var points: Int {
    switch self {
    case .square: 36
    case .bytes: 16
    case .five, .six: 64
    case .row, .column: 8
    }
  }

  /// The pixels that a window's products give.
  var pixels: Extent {
    switch self {
    case .square, .five: Extent(4)
    case .bytes: Extent(2)
    case .six: Extent(6)
    case .row: Extent(height: 1, width: 2)
    case .column: Extent(height: 2, width: 1)
    }
  }

  var name: String {
    switch self {
    case .square: "F(4x4,3x3)"
    case .bytes: "F(2x2,3x3)"
    case .five: "F(4x4,5x5)"
    case .six: "F(6x6,3x3)"
    case .row, .column: "F(2,7)"
    }
  }

  /// The windows that cover a map.
  func windows(height: Int, width: Int) -> Int {
    (height + pixels.height - 1) / pixels.height * windows(across: width)
  }

  func windows(across width: Int) -> Int { (width + pixels.width - 1) / pixels.width }
}

/// A convolution by Winograd's transforms.
struct WinogradStep {
  var tiling: WinogradTiling
  var input: Int
  var output: Int
  /// The map that is added, where there is one.
  var residual: Int?
  var top: Int
  var left: Int
  /// The shape of the product at one of the points.
  var shape: ProductShape
  /// The vectors of channels that are transformed: all, and one more where a packed map has them in pairs and their
  /// number is odd.
  var vectors: Int
  var panels: Int
  /// `[panel][point]`
  var weights: ColumnWeights
  var bias: Int
  var activation: Activation
  /// The most windows whose rows are multiplied by each weight that is read.
  var blockWindows: Int

  /// The scales of a block's rows of integers: of each window, or of each point of it where they are bytes. In whole vectors.
  var scaleCount: Int { ((tiling == .bytes ? tiling.points : 1) * blockWindows + 15) / 16 * 16 }

  /// What wide windows are transformed by way of, in words.
  func wideWords(_ kernels: any KernelSet.Type) -> Int {
    let lines = shape.isInteger ? 64 * shape.lineStride(kernels) + 4 * kernels.vectorWidth : 0
    return max(64 * kernels.vectorWidth + lines, WinogradWideOutput.memoryVectors * kernels.vectorWidth)
  }
}

/// A depthwise convolution whose result is a map.
struct DepthwiseStep {
  var input: Int
  var output: Int
  var window: PlacedWindow
  var weights: Int
  /// Applied to what is read: `identity` or `relu`.
  var inputActivation: Activation
  var activation: Activation
  /// Whether it adds the values of each row that it makes, while they are in a cache, for a mean of the map.
  var sumsRows = false
}

struct PoolStep {
  enum Kind {
    case maximum
    case average(countsPadding: Bool)
  }

  var input: Int
  var output: Int
  var window: PlacedWindow
  var kind: Kind
  /// Of an average's inputs.
  var normalization: Normalization?
  /// Limits, of what it stores.
  var activation = Activation.identity

  /// `activation(factor * x + offset)`.
  struct Normalization {
    /// Where the offsets and factors are; see `PoolNormalization`.
    var weights: Int
    /// Limits.
    var activation: Activation
  }
}

/// Two maps, or a map and the values of one pixel, which are repeated for all others.
struct BinaryStep {
  var function: Binary
  var first: Int
  var second: Int
  var output: Int
  var repeatsFirst: Bool
  var repeatsSecond: Bool
}

/// An operation without a kernel of its own: plain loops that make one row of its output after the other.
struct RowwiseStep {
  var operation: Operation
  var first: Int
  /// The second input, where there is one.
  var second: Int?
  var output: Int
  /// Where its first two parameters are, as they are stored.
  var parameters: (first: Int, second: Int)
}

extension Step {
  /// The maps that are read, each with the window of rows that a row of the output needs; nil where all rows are
  /// needed.
  var reads: [(map: Int, rows: RowDemand?)] {
    let same = RowDemand.same
    switch self {
    case .input: return []
    case .product(let product):
      let others = (product.residual.map { [($0, Optional(same))] } ?? []) + (product.scale.map { [($0, nil)] } ?? [])
      switch product.producer {
      case .depthwise(let window, _), .gather(let window, _), .image(let window):
        return [(product.input, product.bands == nil ? RowDemand(window) : nil)] + others
      case .vector: return [(product.input, nil)] + others
      }
    case .winograd(let step): return [(step.input, nil)] + (step.residual.map { [($0, nil)] } ?? [])
    case .depthwise(let step): return [(step.input, RowDemand(step.window))]
    case .pool(let step): return [(step.input, RowDemand(step.window))]
    case .activate(let from, _, _), .normalize(let from, _, _, _), .softmax(let from, _), .join(let from, _, _),
      .parametricRelu(let from, _, _):
      return [(from, same)]
    case .add(let first, let second, _): return [(first, same), (second, same)]
    case .binary(let step):
      return [(step.first, step.repeatsFirst ? nil : same), (step.second, step.repeatsSecond ? nil : same)]
    case .globalPool(let from, _, _), .mean(let from, _), .reshape(let from, _), .slice(let from, _, _),
      .pad(let from, _, _, _):
      return [(from, nil)]
    case .rowwise(let step): return [(step.first, nil)] + (step.second.map { [($0, nil)] } ?? [])
    case .result(let map, _): return [(map, nil)]
    }
  }

  /// The map that is written, or nil for a result.
  var writes: Int? {
    switch self {
    case .input(let map): map
    case .product(let step): step.output
    case .winograd(let step): step.output
    case .depthwise(let step): step.output
    case .pool(let step): step.output
    case .binary(let step): step.output
    case .rowwise(let step): step.output
    case .globalPool(_, let to, _), .mean(_, let to), .activate(_, let to, _), .add(_, _, let to),
      .normalize(_, let to, _, _), .parametricRelu(_, let to, _), .softmax(_, let to), .join(_, let to, _),
      .reshape(_, let to), .slice(_, let to, _), .pad(_, let to, _, _):
      to
    case .result: nil
    }
  }

  /// The name of its kernel, as profiles print it.
  var kernel: String {
    switch self {
    case .input: "copy in"
    case .product(let step):
      switch step.producer {
      case .depthwise: "depthwise + \(step.isStrassen ? "Strassen" : "product"), \(step.shape.arithmetic.name)"
      case .gather: "\(step.scale == nil ? "gather" : "scale") + product, \(step.shape.arithmetic.name)"
      case .image: "product of image, \(step.shape.arithmetic.name)"
      case .vector: "vector product, \(step.shape.arithmetic.name)"
      }
    case .winograd(let step):
      "Winograd \(step.tiling.name), \(step.shape.arithmetic.name)"
    case .depthwise: "depthwise"
    case .pool(let step): if case .maximum = step.kind { "max pool" } else { "average pool" }
    case .globalPool(_, _, let kind): kind == .average ? "mean" : "maximum"
    case .mean: "mean of sums"
    case .activate: "activation"
    case .parametricRelu: "parametric relu"
    case .binary(let step): step.function.rawValue
    case .add: "add"
    case .normalize: "scale and shift"
    case .softmax: "softmax"
    case .join: "join channels"
    case .reshape: "reshape"
    case .slice: "slice"
    case .pad: "pad"
    case .rowwise(let step): "rows: \(step.operation.name)"
    case .result: "copy out"
    }
  }
}

extension Step {
  /// The arithmetic of its multiply-adds.
  var arithmetic: Arithmetic {
    switch self {
    case .product(let product): product.shape.arithmetic
    case .winograd(let step): step.shape.arithmetic
    default: .float32
    }
  }
}

extension Arithmetic {
  /// The name that profiles print.
  package var name: String {
    switch self {
    case .float32: "fp32"
    case .bfloat16: "bf16"
    case .bfloat16Weights: "fp32 x bf16"
    case .int8: "int8"
    case .int16: "int16"
    case .int8Weights: "fp32 x int8"
    }
  }
}

/// The rows of a value that rows `a..<b` of a later one need: `a * scale + lower ..< (b - 1) * scale + upper`.
struct RowDemand: Equatable {
  var scale: Int
  var lower: Int
  var upper: Int

  static let same = RowDemand(scale: 1, lower: 0, upper: 1)

  init(scale: Int, lower: Int, upper: Int) {
    self.scale = scale
    self.lower = lower
    self.upper = upper
  }

  init(_ window: PlacedWindow) {
    self.init(scale: window.strideDown, lower: -window.top, upper: window.reachDown - window.top)
  }

  /// The demand on a step's input, where its own output is needed as `later` says.
  func through(_ later: RowDemand) -> RowDemand {
    RowDemand(
      scale: scale * later.scale, lower: later.lower * scale + lower, upper: (later.upper - 1) * scale + upper)
  }

  /// The union of both demands, or nil where their scales differ.
  func union(_ other: RowDemand) -> RowDemand? {
    guard scale == other.scale else { return nil }
    return RowDemand(scale: scale, lower: min(lower, other.lower), upper: max(upper, other.upper))
  }

  /// How many rows at most are needed for so many.
  func rowCount(of wanted: Int) -> Int { (wanted - 1) * scale + upper - lower }

  /// The rows, within a map of some height.
  func rows(for wanted: Range<Int>, height: Int) -> Range<Int> {
    let first = min(max(wanted.lowerBound * scale + lower, 0), height)
    return first..<max(first, min((wanted.upperBound - 1) * scale + upper, height))
  }
}
