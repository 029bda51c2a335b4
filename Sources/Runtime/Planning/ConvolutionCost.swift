import Kernels
import ModelGraph

/// How long a convolution takes directly and by Winograd's transforms, in the time of an fp32 multiply-add: its
/// multiplications, the rows that are made for them, and the weights, which come from memory where a network is larger than
/// the caches. The figures were measured on an AMD Zen 4, those of windows of bytes and of 8 x 8 on a Zen 5; only their
/// proportions count.
struct ConvolutionCost {
  var channels: Int
  var columns: Int
  var taps: Int
  var output: Shape
  var kernels: any KernelSet.Type

  /// A byte of weights; most of the way from memory is hidden behind the multiplications.
  ///
  /// On a Zen 5 with 2 threads, which share what memory gives, 4 takes 0.97 of the time of 2 for ResNet152 and VGG16 in int8 and
  /// 0.96 for InceptionV3 in fp32, on one thread 0.98 to 1; and 91 MB instead of 235 for ResNet152 in int8.
  private static let byte = 4.0

  func direct(_ arithmetic: Arithmetic) -> Double {
    let pixels = Double(output.elementCount / output.channels)
    let rows = Double(taps) * pixels * Double(channels) * gathering(arithmetic)
    return pixels * weights / rate(arithmetic) + rows + weights * bytes(arithmetic) * Self.byte
  }

  func winograd(_ form: Lowering.WinogradForm) -> Double {
    let windows = Double(form.tiling.windows(of: output))
    let weights = Double(form.tiling.points) * Double(channels) * Double(columns)
    let products = windows * weights / rate(form.arithmetic)
    let transforms = Double(channels) * transformingChannel(form) + Double(columns) * transformingColumn(form)
    // Tiles of few rows wait for their weights to arrive.
    return products * max(1, 8 / windows) + windows * transforms + weights * bytes(form.arithmetic) * Self.byte
  }

  /// A channel of a window, transformed, and where its integers must be found, quantized.
  private func transformingChannel(_ form: Lowering.WinogradForm) -> Double {
    switch form.tiling {
    case .square: form.arithmetic == .int16 ? 400 : 330
    case .bytes: 150
    case .five, .six: form.arithmetic == .int16 ? 800 : 650
    case .row, .column: 45
    }
  }

  /// A column of a window, transformed back.
  private func transformingColumn(_ form: Lowering.WinogradForm) -> Double {
    switch form.tiling {
    case .square: 235
    case .bytes: 150
    case .five, .six: 650
    case .row, .column: 30
    }
  }

  private var weights: Double { Double(taps) * Double(channels) * Double(columns) }

  /// The multiply-adds in the time of one of fp32.
  private func rate(_ arithmetic: Arithmetic) -> Double {
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights: 1
    case .bfloat16: kernels.usesMatrixRegisters(.bfloat16) ? 16 : 2
    // Where bytes are widened, they are multiplied as `int16`.
    case .int8: kernels.usesMatrixRegisters(.int8) ? 32 : kernels.isNative(.int8) ? 4 : kernels.shortRate
    case .int16: kernels.shortRate
    }
  }

  private func bytes(_ arithmetic: Arithmetic) -> Double {
    switch arithmetic {
    case .float32: 4
    case .bfloat16, .bfloat16Weights, .int16: 2
    case .int8, .int8Weights: 1
    }
  }

  /// A value of a gathered row, which is copied or quantized.
  private func gathering(_ arithmetic: Arithmetic) -> Double {
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights: 2
    case .bfloat16: 1
    case .int8, .int16: 16
    }
  }
}
