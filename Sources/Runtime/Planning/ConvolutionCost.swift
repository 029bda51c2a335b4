import Kernels
import ModelGraph

/// How long a convolution takes directly and by Winograd's transforms, in the time of an fp32 multiply-add: its
/// multiplications, the rows that are made for them, and the weights, which come from memory where a network is larger than
/// the caches. The figures were measured on an AMD Zen 4; only their proportions count.
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

  /// By F(4x4,3x3).
  func winograd(_ arithmetic: Arithmetic) -> Double {
    let windows = Double(WinogradTiling.square.windows(of: output))
    let products = windows * 4 * weights / rate(arithmetic)
    // A channel of a window, transformed, and where its integers must be found, quantized; a column, transformed back.
    let transforms = windows * (Double(channels) * (arithmetic == .int16 ? 600 : 330) + Double(columns) * 235)
    // Tiles of few rows wait for their weights to arrive.
    return products * max(1, 8 / windows) + transforms + 4 * weights * bytes(arithmetic) * Self.byte
  }

  /// By F(2,7), of floats.
  func winogradLine(_ tiling: WinogradTiling) -> Double {
    let windows = Double(tiling.windows(of: output))
    let weights = 8 * Double(channels) * Double(columns)
    let transforms = windows * (Double(channels) * 45 + Double(columns) * 30)
    return windows * weights * max(1, 8 / windows) + transforms + weights * bytes(.float32) * Self.byte
  }

  private var weights: Double { Double(taps) * Double(channels) * Double(columns) }

  /// The multiply-adds in the time of one of fp32.
  private func rate(_ arithmetic: Arithmetic) -> Double {
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights: 1
    case .bfloat16: kernels.usesMatrixRegisters(.bfloat16) ? 16 : 2
    case .int8: kernels.usesMatrixRegisters(.int8) ? 32 : kernels.isNative(.int8) ? 4 : 1
    case .int16: kernels.isNative(.int16) ? 2 : 1
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
