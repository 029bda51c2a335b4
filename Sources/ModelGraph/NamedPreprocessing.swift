/// Preprocessing that is known by a name; the sizes of crops follow the size of the input.
package enum NamedPreprocessing: String, Hashable, Sendable, CaseIterable {
  /// Nearest neighbor (the default of `load_img`), stretched, `x / 127.5 - 1`: Xception, Inception, MobileNet in Keras.
  case keras
  /// The same with `tf.image.resize`'s bilinear filter.
  case tensorflow
  /// Nearest neighbor, stretched, BGR less ImageNet's means: VGG and ResNet in Keras.
  case caffe
  /// torchvision's: bilinear with antialiasing, shorter side 8/7 of the input, center crop, ImageNet's means and
  /// deviations. Keras's DenseNet is the same with `--filter nearest --stretch`.
  case torch
  /// timm's `legacy_xception`: bicubic with antialiasing, center crop of 0.897, mean and deviation 0.5.
  case timm
  /// Nearest neighbor, stretched, pixel values as they are.
  case raw

  package func preprocessing(for input: Shape) -> Preprocessing {
    var side = 0
    if case .map(let height, let width, _) = input { side = max(height, width) }
    var result = Preprocessing.keras
    switch self {
    case .keras: break
    case .tensorflow: result = .tensorFlow
    case .caffe:
      result.channelOrder = .bgr
      (result.divisor, result.mean) = (1, ImageNet.caffeMean.map { Float($0) })
    case .torch:
      (result.filter, result.antialias) = (.bilinear, true)
      (result.divisor, result.mean) = (255, ImageNet.mean.map { Float($0) })
      result.standardDeviation = ImageNet.standardDeviation.map { Float($0) }
      // 256 of 224, and 342 of Inception's 299.
      result.geometry = .centerCrop(shorterSide: Int((Double(side) * 256 / 224).rounded()))
    case .timm:
      result = .timm
      result.geometry = .centerCrop(shorterSide: Int((Double(side) / 0.897).rounded(.down)))
    case .raw:
      (result.divisor, result.mean) = (1, [0, 0, 0])
    }
    return result
  }
}
