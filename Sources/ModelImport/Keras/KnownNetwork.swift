import Architectures
import ModelGraph

/// A network of `keras.applications`, recognized by the names in a file.
struct KnownNetwork {
  var name: String
  private var scaling: PixelScaling

  /// What its `preprocess_input` does, where the network does not do it itself.
  var preprocessing: Preprocessing? {
    if case .outside(let function) = scaling { .usual(function) } else { nil }
  }

  private struct Family {
    var name: String
    /// How the names of its models begin.
    var models: [String]
    /// Names of layers that it has; no other family has all of them.
    var layers: Set<String>
    /// One of its networks; all take pixels in the same way.
    var member: any Architecture
  }

  // Those before others whose names begin alike.
  private static let families = [
    Family(
      name: "VGG-16", models: ["vgg16"], layers: ["block1_conv1", "block5_conv3", "block5_pool"],
      member: Architectures.VGG.vgg16),
    Family(
      name: "VGG-19", models: ["vgg19"], layers: ["block1_conv1", "block5_conv4"], member: Architectures.VGG.vgg19),
    Family(
      name: "Xception", models: ["xception"], layers: ["block2_sepconv1_bn", "block14_sepconv2_bn"],
      member: XceptionNetwork()),
    Family(
      name: "ResNet V2", models: ["resnet50v2", "resnet101v2", "resnet152v2"],
      layers: ["conv2_block1_preact_bn", "post_bn"], member: ResNetV2.resNet50),
    Family(
      name: "ResNet", models: ["resnet50", "resnet101", "resnet152"],
      layers: ["conv1_bn", "conv2_block1_1_conv", "conv5_block3_out"], member: Architectures.ResNet.resNet50),
    Family(
      name: "Inception-ResNet V2", models: ["inception_resnet_v2"], layers: ["mixed_5b", "conv_7b"],
      member: InceptionResNetV2()),
    Family(name: "Inception V3", models: ["inception_v3"], layers: ["mixed0", "mixed10"], member: InceptionV3()),
    Family(
      name: "MobileNet V3", models: ["MobilenetV3", "MobileNetV3"], layers: ["expanded_conv_squeeze_excite_conv"],
      member: Architectures.MobileNetV3(.large)),
    Family(
      name: "MobileNet V2", models: ["mobilenetv2"], layers: ["Conv1", "bn_Conv1", "Conv_1"],
      member: Architectures.MobileNetV2()),
    Family(name: "MobileNet", models: ["mobilenet_"], layers: ["conv_dw_1", "conv_pw_13"], member: MobileNet()),
    Family(
      name: "DenseNet", models: ["densenet"], layers: ["conv2_block1_0_bn", "pool4_bn"],
      member: Architectures.DenseNet.denseNet121),
    Family(name: "NASNet", models: ["NASNet", "nasnet"], layers: ["stem_conv1", "stem_bn1"], member: NASNet.mobile),
    Family(name: "EfficientNet V2", models: ["efficientnetv2"], layers: [], member: EfficientNetV2.all[0]),
    Family(
      name: "EfficientNet", models: ["efficientnet"], layers: ["stem_conv", "top_conv"],
      member: Architectures.EfficientNet.all[0]),
    Family(name: "ConvNeXt", models: ["convnext"], layers: [], member: Architectures.ConvNeXt.all[0]),
  ]

  /// The network that a model is, or that it contains; nil where that is none or ambiguous.
  static func of(_ model: KerasModel) -> KnownNetwork? {
    let names = Set(model.layers.map(\.name))
    let nested = model.layers.filter(\.isModel).map(\.name)
    for family in families {
      let isNamed = ([model.name] + nested).contains { name in family.models.contains { name.hasPrefix($0) } }
      guard isNamed || !family.layers.isEmpty && family.layers.isSubset(of: names) else { continue }
      return KnownNetwork(name: family.name, scaling: family.member.pixelScaling)
    }
    for layer in model.layers where layer.isModel {
      if let inner = try? KerasModel(layer.description), let found = of(inner) { return found }
    }
    return nil
  }
}

extension Preprocessing {
  /// As Keras's networks of a function are used: nearest neighbor (the default of `load_img`), no crop.
  static func usual(_ function: PreprocessInput) -> Preprocessing {
    let input = Shape.map(height: 224, width: 224, channels: 3)
    switch function {
    case .tensorFlow: return .keras
    case .caffe: return NamedPreprocessing.caffe.preprocessing(for: input)
    case .torch:
      var result = NamedPreprocessing.torch.preprocessing(for: input)
      (result.filter, result.antialias, result.geometry) = (.nearest, false, .stretch)
      return result
    }
  }
}
