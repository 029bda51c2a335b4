/// A network as Keras describes it in `config.json` or the attribute `model_config`: layers, and which reads which.
struct KerasModel {
  var name: String
  var layers: [KerasLayer]
  /// Each layer reads the one before it; otherwise each names what it reads.
  var isSequential: Bool
  /// Its input layers; none in a sequential model.
  var inputs: [String] = []
  /// Its outputs; empty for a sequential model, whose output is that of its last layer.
  var outputs: [KerasTensor] = []
  /// The shape that a sequential model without an input layer was built for.
  var buildShape: [Int?]?

  static let classNames: Set = ["Functional", "Sequential", "Model"]

  /// - Parameter description: An object with `class_name` and `config`.
  init(_ description: JSON) throws(ImportError) {
    guard let className = description["class_name"]?.string, let config = description["config"] else {
      throw .model(reason: "its description has no class_name and config")
    }
    let kind = className.prefix(80)
    // Keras 2.0's sequential models are a bare list.
    let isList = className == "Sequential" && config.array != nil
    name = config["name"]?.string ?? kind.lowercased()
    guard let layers = isList ? config.array : config["layers"]?.array else {
      throw .model(
        reason: "\"\(name)\", a \(kind), lists no layers; only Functional and Sequential models can be read."
          + " Of a model of your own class, save the parts, or call it on a keras.Input and save"
          + " keras.Model(input, output)")
    }
    switch className {
    case "Functional", "Model":
      isSequential = false
      inputs = try Self.ends(config["input_layers"], "input", of: name).map(\.layer)
      outputs = try Self.ends(config["output_layers"], "output", of: name)
    case "Sequential":
      isSequential = true
      buildShape = (config["build_input_shape"] ?? description["build_config"]?["input_shape"])?.shape
    default:
      throw .model(reason: "\"\(name)\" is a \(kind), expected a Functional or Sequential model")
    }
    self.layers = []
    for layer in layers { self.layers.append(try KerasLayer(layer, inSequence: isSequential)) }
  }

  /// `["name", 0, 0]`, a list of these, or an object of these by name.
  private static func ends(_ ends: JSON?, _ kind: String, of model: String) throws(ImportError) -> [KerasTensor] {
    var list = ends.map { [$0] } ?? []
    while list.count == 1, KerasTensor(list[0]) == nil, let inner = list[0].array ?? list[0].members { list = inner }
    let tensors = list.compactMap { KerasTensor($0) }
    guard !tensors.isEmpty, tensors.count == list.count else {
      throw .model(reason: "\"\(model)\" names its \(kind) layers in an unknown way")
    }
    return tensors
  }
}

/// One of the tensors that a call of a layer gives, as Keras refers to it: `["name", 0, 0]`.
struct KerasTensor: Hashable {
  var layer: String
  /// Which call of the layer, as the file counts.
  var call: Int
  var index: Int

  init?(_ json: JSON) {
    guard let parts = json.array, parts.count >= 3, let layer = parts[0].string, let call = parts[1].int,
      let index = parts[2].int, call >= 0, index >= 0
    else { return nil }
    self.layer = layer
    self.call = call
    self.index = index
  }
}

extension JSON {
  /// A list of whole numbers and nulls.
  var shape: [Int?]? {
    guard let array, array.allSatisfy({ $0.isNull || $0.int != nil }) else { return nil }
    return array.map(\.int)
  }

  /// The values of an object, in the order of their names.
  fileprivate var members: [JSON]? {
    guard case .object(let members) = self else { return nil }
    return members.sorted { $0.key < $1.key }.map(\.value)
  }
}
