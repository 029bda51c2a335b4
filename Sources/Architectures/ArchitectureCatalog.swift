/// The networks that can be asked for by name.
package enum ArchitectureCatalog {
  package static let all: [any Architecture] = inKeras + torchvision

  /// Those of `keras.applications`.
  package static let inKeras: [any Architecture] =
    [
      XceptionNetwork(), InceptionV3(), InceptionResNetV2(), ResNet.resNet50, ResNet.resNet101, ResNet.resNet152,
      ResNetV2.resNet50, ResNetV2.resNet101, ResNetV2.resNet152, VGG.vgg16, VGG.vgg19, MobileNet(), MobileNetV2(),
      MobileNetV3(.small), MobileNetV3(.large), DenseNet.denseNet121, DenseNet.denseNet169, DenseNet.denseNet201,
      NASNet.mobile, NASNet.large,
    ] + EfficientNet.all + EfficientNetV2.all + ConvNeXt.all

  private static let torchvision: [any Architecture] =
    [VGG.vgg11, VGG.vgg13]
    + VGG.all.map { vgg in
      var vgg = vgg
      vgg.isNormalized = true
      return vgg
    }

  package static var names: [String] { all.map(\.name) }

  /// A network with its paper's parameters.
  ///
  /// - Parameter name: In upper or lower case.
  package static func named(_ name: String) throws(UnknownArchitectureError) -> any Architecture {
    guard let found = all.first(where: { $0.name.lowercased() == name.lowercased() }) else {
      throw UnknownArchitectureError(name: name)
    }
    return found
  }
}

/// A name that is no network's.
package struct UnknownArchitectureError: Error, Hashable, CustomStringConvertible {
  package var name: String

  package var description: String {
    "no network is named \"\(name)\"; known are \(ArchitectureCatalog.names.joined(separator: ", "))"
  }
}
