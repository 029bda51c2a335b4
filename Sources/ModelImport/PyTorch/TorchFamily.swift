import ModelGraph

/// A kind of network of PyTorch's libraries that is known by the names of its weights.
///
/// Widths, depths and kernels are those of the weights; what they do not tell (strides, functions) is the family's. Adding one
/// is a file in `Networks` and a line in `TorchNetworks`.
protocol TorchFamily: Sendable {
  var name: String { get }
  /// Whether the names are this family's.
  func matches(_ weights: StateDictionary) -> Bool
  /// The side of the input that the network is trained with, for the network's name or the file's.
  func side(of hint: String) -> Int
  /// How images become that input, as torchvision's weights do.
  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing
  /// The beginnings of names that inference does not need.
  var ignored: [String] { get }
  /// Appends the network after the input, and returns its last node.
  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int
}

extension TorchFamily {
  func side(of hint: String) -> Int { 224 }
  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing { .torchvision(side: side) }
  var ignored: [String] { [] }
}

extension Preprocessing {
  /// As torchvision's reference: the shorter side to 256 for 224, bilinear with antialiasing, a center crop, and ImageNet's
  /// mean and standard deviation.
  static func torchvision(side: Int, shorterSide: Int? = nil) -> Preprocessing {
    Preprocessing(
      filter: .bilinear, antialias: true, geometry: .centerCrop(shorterSide: shorterSide ?? side * 8 / 7), divisor: 255,
      mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
  }
}

enum TorchNetworks {
  static let all: [any TorchFamily] = [
    ResNet(), VGG(), AlexNet(), MobileNetV2(), MobileNetV3(), MNASNet(), EfficientNet(), EfficientNetPyTorch(),
    TimmEfficientNet(), DenseNet(), SqueezeNet(), ShuffleNetV2(), RegNet(), ConvNeXt(), GoogLeNet(), TorchInceptionV3(),
    LegacyXception(), AlignedXception(),
  ]
}
