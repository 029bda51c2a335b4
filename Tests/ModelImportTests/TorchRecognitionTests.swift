import Foundation
import ModelGraph
import Testing

@testable import ModelImport

/// Weights of a network as `shapes.zip` lists them, all of one value.
private func weights(of network: String) throws -> StateDictionary {
  let archive = try ZipArchive(TorchFixture("shapes.zip").bytes)
  let text = String(decoding: try #require(try archive.contents(of: "shapes.txt", limit: 1 << 20)).array, as: UTF8.self)
  var arrays: [NamedArray] = []
  var isWanted = false
  for line in text.split(separator: "\n") {
    if line.hasPrefix("#") {
      isWanted = line == "# \(network)"
    } else if isWanted {
      let fields = line.split(separator: " ")
      let dimensions = fields.dropFirst().compactMap { Int($0) }
      let contents = RepeatedContents(value: 1, count: dimensions.reduce(1, *))
      arrays.append(
        NamedArray(name: String(fields[0]), dimensions: dimensions, elementType: .float32, contents: contents))
    }
  }
  try #require(!arrays.isEmpty)
  return try StateDictionary(arrays)
}

private func model(
  _ weights: StateDictionary, called name: String = "weights.pth", as architecture: String? = nil
) throws(ImportError) -> ForeignModel {
  var options = ImportOptions()
  options.architecture = architecture
  return try weights.model(beside: ForeignFile(path: "/nowhere/\(name)", bytes: []), options: options)
}

private func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch { return "\(error)" }
}

struct TorchRecognitionTests {
  @Test(arguments: [
    ("resnet18", 224), ("resnext50_32x4d", 224), ("wide_resnet50_2", 224), ("googlenet", 224), ("inception_v3", 299),
    ("densenet121", 224), ("densenet121 of old", 224), ("timm:densenet121", 224), ("squeezenet1_1", 224),
    ("shufflenet_v2_x1_0", 224), ("mobilenet_v2", 224), ("mobilenet_v3_small", 224), ("mnasnet1_0", 224),
    ("regnet_y_400mf", 224), ("convnext_tiny", 224), ("timm:convnext_tiny", 224), ("timm:regnety_002", 224),
    ("timm:vgg11_bn", 224), ("timm:mnasnet_small", 224), ("timm:xception41", 299), ("timm:xception65", 299),
    ("timm:legacy_xception", 299), ("efficientnet-b0", 224), ("efficientnet-lite0", 224),
  ])
  func `A network that has a name is known by its number of weights`(network: String, side: Int) throws {
    let found = try model(weights(of: network))
    let name = network.split(separator: ":").last.map(String.init)?.replacing(" of old", with: "")
    #expect(found.architecture == name)
    #expect(found.graph.inputShape == .map(height: side, width: side, channels: 3))
    #expect(found.graph.outputShape == .vector(1000))
  }

  @Test func `Training's other heads are there and are not needed`() throws {
    #expect(try weights(of: "googlenet").hasPrefix("aux1.") && weights(of: "googlenet").hasPrefix("aux2."))
    #expect(try weights(of: "inception_v3").hasPrefix("AuxLogits."))
  }

  @Test func `Weights that two networks share are noted, or refused by the file's name`() throws {
    let resnet = try weights(of: "timm:resnetblur50")
    let found = try model(resnet)
    #expect(found.architecture == "resnet50")
    #expect(found.notes.contains { $0.contains("resnetblur50") && $0.contains("resnetaa50") })
    let text = message { _ = try model(resnet, called: "resnetblur50-84f4748f.pth") }
    #expect(text.contains("the file's name is that of resnetblur50") && text.contains("torch.onnx.export"))
    #expect(try model(resnet, as: "resnet50").notes.isEmpty)
    #expect(try model(weights(of: "resnext50_32x4d")).notes.isEmpty)
  }

  /// The weights of resnet18 with other names.
  private func renamed(_ change: (String) -> String, adding others: [String] = []) throws -> StateDictionary {
    var arrays = try Array(weights(of: "resnet18").arrays.values)
    for index in arrays.indices { arrays[index].name = change(arrays[index].name) }
    return try StateDictionary(
      arrays + others.map { NamedArray(name: $0, dimensions: [3], values: [1, 1, 1]) })
  }

  @Test(arguments: ["module.", "model.", "module.model.", "_orig_mod."])
  func `A prefix that all names share is taken off`(prefix: String) throws {
    let found = try model(renamed { prefix + $0 })
    #expect(found.architecture == "resnet18" && !found.notes.contains { $0.contains("beside") })
  }

  @Test(arguments: ["backbone.", "model.backbone.", "encoder."])
  func `A prefix of all but the last layer is taken off, and that is said`(prefix: String) throws {
    let outer = prefix.hasPrefix("model.") ? "model." : ""
    let found = try model(renamed { $0.hasPrefix("fc.") ? outer + $0 : prefix + $0 })
    #expect(found.architecture == "resnet18" && found.graph.outputShape == .vector(1000))
    #expect(found.notes.contains { $0.contains("\"fc.bias\", \"fc.weight\" beside") })
  }

  @Test func `A last layer of another name beside a prefix is named`() throws {
    let weights = try renamed { $0.hasPrefix("fc.") ? "head." + $0.dropFirst(3) : "backbone." + $0 }
    let text = message { _ = try model(weights) }
    #expect(text.contains("beside those of \"backbone.\" there are \"head.bias\", \"head.weight\""))
    #expect(text.contains("such as fc.weight and fc.bias"))
  }

  @Test func `What lies beside a whole network is left out where it is a loss's, and named elsewhere`() throws {
    let found = try model(renamed({ "model." + $0 }, adding: ["criterion.weight"]))
    #expect(found.architecture == "resnet18")
    #expect(found.notes.contains("\"criterion.weight\" of a loss: left out"))
    let text = message { _ = try model(renamed({ "model." + $0 }, adding: ["temperature"])) }
    #expect(text.contains("weights are left over; not used so far: \"temperature\""))
    let both = message { _ = try model(renamed({ "model." + $0 }, adding: ["fc.weight"])) }
    #expect(both.contains("there are \"fc.weight\""))
  }

  @Test func `Another number of classes makes no difference`() throws {
    var arrays = try weights(of: "resnet18").arrays
    for (name, dimensions) in [("fc.weight", [7, 512]), ("fc.bias", [7])] {
      let contents = RepeatedContents(value: 1, count: dimensions.reduce(1, *))
      arrays[name] = NamedArray(name: name, dimensions: dimensions, elementType: .float32, contents: contents)
    }
    let found = try model(StateDictionary(Array(arrays.values)))
    #expect(found.architecture == "resnet18")
    #expect(found.graph.outputShape == .vector(7))
  }

  @Test(arguments: ["fc", "last_linear"])
  func `Cadene's Xception has pointwise kernels of two dimensions and either name of the classifier`(name: String)
    throws
  {
    var arrays: [NamedArray] = []
    for var array in try weights(of: "timm:legacy_xception").arrays.values {
      if array.name.contains("pointwise") || array.name.hasSuffix("skip.weight") {
        array.dimensions = Array(array.dimensions[..<2])
      }
      if array.name.hasPrefix("fc.") { array.name = name + array.name.dropFirst(2) }
      arrays.append(array)
    }
    let found = try model(StateDictionary(arrays))
    #expect(found.architecture == "legacy_xception")
    #expect(found.graph.outputShape == .vector(1000))
    #expect(found.graph.inputShape == .map(height: 299, width: 299, channels: 3))
  }

  @Test func `Weights that leave the padding open are not guessed at`() throws {
    let text = message { _ = try model(weights(of: "timm:efficientnet_b0")) }
    #expect(text.contains("efficientnet_b0, tf_efficientnet_b0"))
    #expect(text.contains("--architecture efficientnet_b0"))
    #expect(text.contains("config.json"))
  }

  @Test(arguments: ["timm/tf_efficientnet_b0.ns_jft_in1k", "tf_efficientnet_b0", "efficientnet_b0"])
  func `The caller's word decides`(name: String) throws {
    let found = try model(weights(of: "timm:efficientnet_b0"), as: name)
    let isTensorFlow = name.contains("tf_")
    #expect(found.architecture == (isTensorFlow ? "tf_efficientnet_b0" : "efficientnet_b0"))
    #expect(try stem(of: found) == (isTensorFlow ? .same : .explicit(top: 1, left: 1, bottom: 1, right: 1)))
    #expect(found.notes.isEmpty)
  }

  @Test func `The file's name decides where nothing else does, and that is said`() throws {
    let found = try model(weights(of: "timm:mobilenetv3_small_100"), called: "tf_mobilenetv3_small_100-37f49e2b.pth")
    #expect(found.architecture == "tf_mobilenetv3_small_100")
    #expect(try stem(of: found) == .same)
    #expect(found.notes.contains { $0.contains("as the file's name says") })
    let other = try model(weights(of: "timm:mobilenetv3_small_100"), called: "mobilenetv3_small_100_lamb-266a294c.pth")
    #expect(other.architecture == "mobilenetv3_small_100")
  }

  @Test func `A name that the weights do not fit is refused with the one that they do`() throws {
    let resnet = try weights(of: "resnet18")
    let other = message { _ = try model(resnet, as: "resnet50") }
    #expect(other.contains("23561152") && other.contains("11186112") && other.contains("that of resnet18"))
    let family = message { _ = try model(resnet, as: "efficientnet_b0") }
    #expect(family.contains("the weights' names are those of ResNet"))
    let unknown = message { _ = try model(resnet, as: "resnet18d") }
    #expect(unknown.contains("\"resnet18d\", which is none of the networks") && unknown.contains("legacy_xception"))
    #expect(try model(resnet, as: "ResNet").architecture == "ResNet")
  }

  /// Who changes a stem for small pictures changes its stride, and often a pool, with the kernel.
  @Test(arguments: [
    ("resnet18", "conv1"), ("resnext50_32x4d", "conv1"), ("googlenet", "conv1.conv"), ("densenet121", "features.conv0"),
    ("inception_v3", "Conv2d_1a_3x3.conv"), ("squeezenet1_1", "features.0"), ("shufflenet_v2_x1_0", "conv1.0"),
    ("mobilenet_v2", "features.0.0"), ("mobilenet_v3_small", "features.0.0"), ("mnasnet1_0", "layers.0"),
    ("regnet_y_400mf", "stem.0"), ("convnext_tiny", "features.0.0"), ("convnext_tiny", "features.2.1"),
    ("timm:convnext_tiny", "stem.0"), ("timm:regnety_002", "stem.conv"), ("timm:xception41", "stem.0.conv"),
    ("timm:legacy_xception", "conv1"), ("efficientnet-b0", "_conv_stem"),
  ])
  func `A first kernel of another size is refused: its stride is not in the weights`(network: String, layer: String)
    throws
  {
    var arrays = try weights(of: network).arrays
    let name = "\(layer).weight"
    let dimensions = try #require(arrays[name]).dimensions
    let changed = Array(dimensions[..<2]) + [5, 5]
    arrays[name] = NamedArray(
      name: name, dimensions: changed, elementType: .float32,
      contents: RepeatedContents(value: 1, count: changed.reduce(1, *)))
    let text = message { _ = try model(StateDictionary(Array(arrays.values))) }
    #expect(text.contains("its kernel is 5x5, expected \(dimensions[2])x\(dimensions[3])"), "\(text)")
    #expect(text.contains("torch.onnx.export"))
  }

  @Test func `Sizes that no network of a name has are said to be a guess`() throws {
    var arrays = try weights(of: "resnet18").arrays
    for name in arrays.keys where name.hasPrefix("layer2.1.") { arrays[name] = nil }
    let notes = try model(StateDictionary(Array(arrays.values))).notes
    #expect(notes.contains { $0.contains("those of a ResNet of other sizes, with its usual strides") })
    #expect(try model(weights(of: "resnext50_32x4d")).notes.isEmpty)
  }

  @Test func `Pictures of another number of channels are refused as such`() throws {
    var arrays = try weights(of: "resnet18").arrays
    arrays["conv1.weight"] = NamedArray(
      name: "conv1.weight", dimensions: [64, 1, 7, 7], elementType: .float32,
      contents: RepeatedContents(value: 1, count: 64 * 49))
    let text = message { _ = try model(StateDictionary(Array(arrays.values))) }
    #expect(text.contains("its kernel reads pictures with 1 channels, expected 3"), "\(text)")
  }

  @Test func `A last layer that is missing, or several in its place, are named`() throws {
    let arrays = try weights(of: "resnet18").arrays.values.filter { !$0.name.hasPrefix("fc.") }
    let missing = message { _ = try model(StateDictionary(arrays)) }
    #expect(missing.contains("those of ResNet, but there is no \"fc.weight\" of its last layer"), "\(missing)")
    let layers = [("fc.0.weight", [256, 512]), ("fc.3.weight", [7, 256])].map {
      NamedArray(
        name: $0.0, dimensions: $0.1, elementType: .float32,
        contents: RepeatedContents(value: 1, count: $0.1[0] * $0.1[1]))
    }
    let several = message { _ = try model(StateDictionary(arrays + layers)) }
    #expect(several.contains("under \"fc.\" there are \"fc.0.weight\", \"fc.3.weight\""), "\(several)")
  }

  @Test func `A near miss says which names and which shapes differ`() throws {
    var arrays = try weights(of: "resnet18").arrays
    arrays["layer2.0.conv_two.weight"] = arrays.removeValue(forKey: "layer2.0.conv2.weight")
    arrays["layer2.0.conv_two.weight"]?.name = "layer2.0.conv_two.weight"
    let missing = message { _ = try model(StateDictionary(Array(arrays.values))) }
    #expect(
      missing.contains("layer2.0.conv2.weight") && missing.contains("\"layer2.0.conv_two.weight\" [128, 128, 3, 3]"))
    arrays = try weights(of: "resnet18").arrays
    arrays["layer3.1.bn1.bias"] = NamedArray(
      name: "layer3.1.bn1.bias", dimensions: [255], values: .init(repeating: 0, count: 255))
    let shape = message { _ = try model(StateDictionary(Array(arrays.values))) }
    #expect(shape.contains("layer3.1.bn1.bias") && shape.contains("[255]") && shape.contains("[256]"))
  }

  /// The padding of the first convolution.
  private func stem(of model: ForeignModel) throws -> Padding {
    guard case .convolution(let convolution) = model.graph.nodes[1].operation else {
      Issue.record("the first layer is no convolution")
      return .valid
    }
    return convolution.window.padding
  }
}

/// Files beside weights: a configuration, and other parts.
struct TorchNeighborTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "neighbors-\(UUID().uuidString)")

  private func read(_ files: [String: [UInt8]], _ name: String = "model.safetensors") throws -> ModelImporter.Result {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name)) }
    return try ModelImporter.read(path: folder.appending(path: name).path)
  }

  @Test func `A configuration of timm gives the preprocessing and the names of the classes`() throws {
    let result = try read([
      "model.safetensors": TorchFixture("resnet.safetensors").bytes,
      "config.json": Array(
        #"""
        {"num_classes": 4, "label_names": ["a", "b", "c", "d"], "pretrained_cfg": {"tag": "a1_in1k", "input_size": [3, 288, 288],
        "crop_pct": 0.95, "crop_mode": "center", "interpolation": "bicubic", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.1]}}
        """#.utf8),
    ])
    #expect(result.model.metadata.labels == ["a", "b", "c", "d"])
    #expect(result.model.graph.inputShape == .map(height: 288, width: 288, channels: 3))
    #expect(
      result.model.metadata.preprocessing
        == Preprocessing(
          filter: .bicubic, antialias: true, geometry: .centerCrop(shorterSide: 303), divisor: 255,
          mean: [0.5, 0.4, 0.3], standardDeviation: [0.2, 0.2, 0.1]))
    // Of its names and shapes; the configuration leaves nothing open.
    #expect(result.notes.allSatisfy { $0.contains("those of a ResNet of other sizes") })
  }

  @Test func `Lanczos's filter is Pillow's, of 3 pixels`() throws {
    let weights = try TorchFixture("resnet.safetensors").bytes
    for (name, text) in [
      ("config.json", #"{"pretrained_cfg": {"interpolation": "lanczos", "mean": [0, 0, 0], "std": [1, 1, 1]}}"#),
      (
        "preprocessor_config.json",
        #"""
        {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 1, "size": {"height": 64, "width": 64}}
        """#
      ),
    ] {
      let metadata = try read(["model.safetensors": weights, name: Array(text.utf8)]).model.metadata
      #expect(metadata.preprocessing.filter == .lanczos3 && metadata.preprocessing.antialias, "\(name)")
    }
  }

  @Test(arguments: [
    (#""pretrained_cfg": {}, "global_pool": "max""#, "the global_pool \"max\", expected one of avg"),
    (#""pretrained_cfg": {"crop_mode": "border"}"#, "the crop_mode \"border\", expected one of center, squash"),
    (#""pretrained_cfg": {"crop_mode": "squash", "crop_pct": 0.9}"#, "stretches pictures and cuts out 0.9 of them"),
    (#""pretrained_cfg": {"interpolation": "box"}"#, "\"box\", expected one of bicubic, bilinear, lanczos, nearest"),
  ])
  func `What a configuration says and nothing here does is refused`(member: String, reason: String) throws {
    let text = message {
      _ = try read([
        "model.safetensors": TorchFixture("resnet.safetensors").bytes, "config.json": Array("{\(member)}".utf8),
      ])
    }
    #expect(text.contains(reason), "\(text)")
  }

  @Test func `Hugging Face's configurations give the same`() throws {
    let result = try read([
      "model.safetensors": TorchFixture("resnet.safetensors").bytes,
      "config.json": Array(#"{"id2label": {"0": "cat", "1": "dog", "2": "cow", "3": "pig"}}"#.utf8),
      "preprocessor_config.json": Array(
        #"""
        {"crop_pct": 0.875, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "resample": 2,
        "size": {"shortest_edge": 224}}
        """#.utf8),
    ])
    #expect(result.model.metadata.labels == ["cat", "dog", "cow", "pig"])
    #expect(result.model.metadata.preprocessing == .torchvision(side: 224))
  }

  @Test(arguments: [
    (#""size": {"height": 200, "width": 300}"#, "stretch 200x300"),
    (
      #""do_center_crop": false, "size": {"height": 96, "width": 96}, "crop_size": {"height": 128, "width": 128}"#,
      "stretch 96x96"
    ),
    (
      #""feature_extractor_type": "ConvNextFeatureExtractor", "size": {"shortest_edge": 384}, "crop_pct": 0.875"#,
      "stretch 384x384"
    ),
    (#""image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 96}"#, "109 96x96"),
    (#""size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}"#, "256 224x224"),
    (#""size": 256, "crop_size": 224, "do_center_crop": true"#, "256 224x224"),
    (
      #""do_center_crop": false, "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}"#, "assumed"
    ),
    (#""size": {"height": 256, "width": 256}, "crop_size": {"height": 224, "width": 224}"#, "assumed"),
    (#""do_rescale": false, "size": {"height": 96, "width": 96}"#, "assumed"),
    (#""size": 224"#, "assumed"),
  ])
  func `Hugging Face's processors stretch, or cut out the center, or leave it to be assumed`(
    members: String, expected: String
  ) throws {
    let mean = #""image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 3"#
    let result = try read([
      "model.safetensors": TorchFixture("resnet.safetensors").bytes,
      "preprocessor_config.json": Array("{\(members), \(mean)}".utf8),
    ])
    let metadata = result.model.metadata
    guard case .map(let height, let width, _) = result.model.graph.inputShape, metadata.assumptions.isEmpty else {
      #expect(expected == "assumed")
      return
    }
    let geometry =
      switch metadata.preprocessing.geometry {
      case .stretch: "stretch"
      case .centerCrop(let shorterSide): "\(shorterSide)"
      case .cropToAspectRatio: "cropped"
      case .pad(let padding): "padded \(padding.rawValue)"
      }
    #expect("\(geometry) \(height)x\(width)" == expected)
    #expect(metadata.preprocessing.filter == .bicubic && metadata.preprocessing.antialias)
  }

  @Test func `A configuration of a network that is not known is not ignored`() throws {
    let text = message {
      _ = try read([
        "model.safetensors": TorchFixture("resnet.safetensors").bytes,
        "config.json": Array(#"{"architecture": "resnetblur50"}"#.utf8),
      ])
    }
    #expect(text.contains("config.json names \"resnetblur50\""))
  }

  @Test func `Weights in several files are read by their index, and a part alone is not taken for the whole`() throws {
    let whole = try SafetensorsHeader(
      ForeignFile(path: TorchFixture("resnet.safetensors").path, limit: 1 << 20), limits: ImportLimits()
    ).arrays
    let parts = [Array(whole[..<50]), Array(whole[50...])]
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    let places = zip(parts, names).flatMap { part, name in part.map { "\"\($0.name)\": \"\(name)\"" } }
    var files = Dictionary(uniqueKeysWithValues: try zip(names, parts.map(written)).map { ($0, $1) })
    let index = "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(places.joined(separator: ", "))}}"
    files["model.safetensors.index.json"] = Array(index.utf8)
    let result = try read(files, "model.safetensors.index.json")
    #expect(try result.model.graph.nodes.count == TorchFixture("resnet.safetensors").read().model.graph.nodes.count)
    let alone = message { _ = try read(files, names[0]) }
    #expect(alone.contains("one of several files") && alone.contains("model.safetensors.index.json"))
    files["model.safetensors.index.json"] = Array(
      index.replacingOccurrences(of: names[1], with: "../a.safetensors").utf8)
    let outside = message { _ = try read(files, "model.safetensors.index.json") }
    #expect(outside.contains("its own folder"))
  }

  /// A file of these arrays, all of 32-bit floats.
  private func written(_ arrays: [NamedArray]) throws -> [UInt8] {
    var (entries, values): ([String], [UInt8]) = ([], [])
    for array in arrays {
      let bytes = try array.values().flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
      }
      let offsets = "[\(values.count), \(values.count + bytes.count)]"
      entries.append(
        "\"\(array.name)\": {\"dtype\": \"F32\", \"shape\": \(array.dimensions), \"data_offsets\": \(offsets)}")
      values += bytes
    }
    let header = Array("{\(entries.joined(separator: ", "))}".utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + values
  }
}
