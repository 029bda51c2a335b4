import ModelGraph

/// Simonyan and Zisserman 2014, with or without batch normalization: torchvision's `vgg11` to `vgg19_bn`.
struct VGG: TorchFamily {
  var name: String { "VGG" }
  var variants: [TorchVariant] { .vgg }
  let classifiers = ["classifier.6."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.dimensions(of: "features.0.weight")?.suffix(2) == [3, 3] && weights.has("classifier.0.weight")
      && weights.has("classifier.3.weight") && weights.has("classifier.6.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    try network.classifier([0, 3, 6], try network.flattened(try network.vggFeatures(input)))
  }
}

/// The same under timm's names, whose first two fully connected layers are convolutions.
struct TimmVGG: TorchFamily {
  var name: String { "VGG (timm)" }
  var variants: [TorchVariant] { .vgg }
  let classifiers = ["head.fc."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.dimensions(of: "features.0.weight")?.suffix(2) == [3, 3] && weights.has("pre_logits.fc1.weight")
      && weights.has("head.fc.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.vggFeatures(input)
    for name in ["pre_logits.fc1", "pre_logits.fc2"] {
      node = try network.activation(.relu, try network.convolution(name, node, padding: .valid))
    }
    return try network.linear("head.fc", try network.globalPool(node))
  }
}

extension [TorchVariant] {
  fileprivate static let vgg = [
    TorchVariant("vgg11", 128_766_336), TorchVariant("vgg11_bn", 128_777_344), TorchVariant("vgg13", 128_950_848),
    TorchVariant("vgg13_bn", 128_962_624), TorchVariant("vgg16", 134_260_544), TorchVariant("vgg16_bn", 134_277_440),
    TorchVariant("vgg19", 139_570_240), TorchVariant("vgg19_bn", 139_592_256),
  ]
}

extension TorchNetwork {
  /// The places of the `Sequential` that hold no weights are ReLUs, and pools where there are two.
  fileprivate mutating func vggFeatures(_ input: Int) throws(ImportError) -> Int {
    var node = input
    let places = weights.indices(after: "features.")
    for (index, place) in places.enumerated() {
      let name = "features.\(place)"
      let isConvolution = weights.dimensions(of: name + ".weight")?.count == 4
      node = isConvolution ? try convolution(name, node) : try normalization(name, node)
      let next = index + 1 < places.count ? places[index + 1] : place + 3
      if next > place + 1 { node = try activation(.relu, node) }
      if next > place + 2 { node = try maxPool("features.\(place + 2)", node, size: 2) }
    }
    return node
  }
}

/// Krizhevsky 2014, "One weird trick": torchvision's `alexnet`.
struct AlexNet: TorchFamily {
  var name: String { "AlexNet" }
  let variants = [
    TorchVariant("alexnet", 57_003_840)
  ]
  let classifiers = ["classifier.6."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.dimensions(of: "features.0.weight")?.suffix(2) == [11, 11] && weights.has("classifier.6.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.convolution(
      "features.0", input, stride: 4, padding: .explicit(top: 2, left: 2, bottom: 2, right: 2))
    node = try network.maxPool("features.2", try network.activation(.relu, node))
    node = try network.activation(.relu, try network.convolution("features.3", node))
    node = try network.maxPool("features.5", node)
    for place in [6, 8, 10] { node = try network.activation(.relu, try network.convolution("features.\(place)", node)) }
    node = try network.maxPool("features.12", node)
    return try network.classifier([1, 4, 6], try network.flattened(node))
  }
}

extension TorchNetwork {
  /// A map as a vector with as many values as the classifier after it reads, so that no adaptive pool would change it.
  mutating func flattened(_ input: Int) throws(ImportError) -> Int { try plain("flatten", .flatten, [input]) }

  /// Linear layers with ReLUs between them.
  mutating func classifier(_ places: [Int], _ input: Int) throws(ImportError) -> Int {
    var node = input
    for (index, place) in places.enumerated() {
      node = try linear("classifier.\(place)", node)
      if index < places.count - 1 { node = try activation(.relu, node) }
    }
    return node
  }
}
