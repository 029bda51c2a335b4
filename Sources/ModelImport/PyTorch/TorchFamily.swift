import ModelGraph

/// A kind of network of PyTorch's libraries that is known by the names of its weights.
///
/// Widths, depths and kernel sizes come from the weights; what they do not tell (strides, functions) belongs to the
/// family. Adding one is a file in `Networks` and a line in `TorchNetworks`.
protocol TorchFamily: Sendable {
  var name: String { get }
  /// Its networks that have names.
  var variants: [TorchVariant] { get }
  /// Whether the weights leave open how the network computes, so that only named networks are accepted.
  var needsVariant: Bool { get }
  /// Whether the names are this family's.
  func matches(_ weights: StateDictionary) -> Bool
  /// The side of the input that its networks are trained with, where none says otherwise.
  var side: Int { get }
  /// How images become that input, as torchvision's weights do.
  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing
  /// The beginnings of the names of the last layer's weights.
  var classifiers: [String] { get }
  /// The beginnings of names that inference does not need.
  var ignored: [String] { get }
  /// Other networks whose weights have the names and shapes of the network that is the key, but which compute something else.
  var lookalikes: [String: [String]] { get }
  /// Appends the network after the input, and returns its last node.
  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int
}

extension TorchFamily {
  var needsVariant: Bool { false }
  var side: Int { 224 }
  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing { .torchvision(side: side) }
  var ignored: [String] { [] }
  var lookalikes: [String: [String]] { [:] }

  /// As `TorchVariant.weightCount`.
  func weightCount(of weights: StateDictionary) -> Int {
    weights.arrays.values.reduce(0) { count, array in
      (classifiers + ignored).contains { array.name.hasPrefix($0) } ? count : count + (array.count ?? 0)
    }
  }
}

extension Preprocessing {
  /// As torchvision's reference: the shorter side to 256 for 224, bilinear with antialiasing, a center crop, and ImageNet's
  /// mean and standard deviation.
  static func torchvision(side: Int, shorterSide: Int? = nil) -> Preprocessing {
    var result = NamedPreprocessing.torch.preprocessing(for: .map(height: side, width: side, channels: 3))
    result.geometry = .centerCrop(shorterSide: shorterSide ?? side * 8 / 7)
    return result
  }
}

enum TorchNetworks {
  static let all: [any TorchFamily] = [
    ResNet(), VGG(), TimmVGG(), AlexNet(), MobileNetV2(), MobileNetV3(), MNASNet(), EfficientNet(),
    EfficientNetPyTorch(),
    TimmEfficientNet(), DenseNet(), SqueezeNet(), ShuffleNetV2(), RegNet(.torchvision), RegNet(.timm),
    ConvNeXt(.torchvision), ConvNeXt(.timm), GoogLeNet(), TorchInceptionV3(), LegacyXception(), AlignedXception(),
  ]
}
