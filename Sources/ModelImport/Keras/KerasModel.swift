/// A network as Keras describes it in `config.json` or the attribute `model_config`: layers, and who reads whom.
struct KerasModel {
  var name: String
  var layers: [KerasLayer]
  /// Each layer reads the one before it; else each names what it reads.
  var isSequential: Bool
  /// The only input and the only output, by layer name; nil in a sequential model.
  var input: String?
  var output: String?
  /// The shape that a sequential model without an input layer was built for.
  var buildShape: [Int?]?

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
      throw .model(reason: "\"\(name)\", a \(kind), lists no layers; only Functional and Sequential models can be read")
    }
    switch className {
    case "Functional", "Model":
      isSequential = false
      input = try Self.onlyEnd(config["input_layers"], "input", of: name)
      output = try Self.onlyEnd(config["output_layers"], "output", of: name)
    case "Sequential":
      isSequential = true
      buildShape = (config["build_input_shape"] ?? description["build_config"]?["input_shape"])?.shape
    default:
      throw .model(reason: "\"\(name)\" is a \(kind), expected a Functional or Sequential model")
    }
    self.layers = []
    for layer in layers { self.layers.append(try KerasLayer(layer, inSequence: isSequential)) }
  }

  /// The layer of `[["name", 0, 0]]` or `["name", 0, 0]`.
  private static func onlyEnd(_ ends: JSON?, _ kind: String, of model: String) throws(ImportError) -> String {
    guard var end = ends?.array else { throw .model(reason: "\"\(model)\" names no \(kind) layers") }
    if let first = end.first?.array {
      guard end.count == 1 else { throw .model(reason: "\"\(model)\" has \(end.count) \(kind)s, expected 1") }
      end = first
    }
    guard end.count == 3, let name = end[0].string, end[1].int == 0, end[2].int == 0 else {
      throw .model(reason: "\"\(model)\" names its \(kind) layer in an unknown way, or has not exactly one \(kind)")
    }
    return name
  }
}

/// A layer of a Keras model.
struct KerasLayer {
  var className: String
  var name: String
  var config: JSON
  /// The whole description; a nested model is described by it.
  var description: JSON
  /// The layers that it reads, by name.
  var inputs: [String]

  init(_ description: JSON, inSequence: Bool) throws(ImportError) {
    guard let className = description["class_name"]?.string, let config = description["config"],
      let name = description["name"]?.string ?? config["name"]?.string
    else { throw .model(reason: "a layer without a class_name, a config or a name") }
    self.className = String(className.prefix(80))
    self.config = config
    self.description = description
    self.name = name
    inputs = []
    guard !name.isEmpty, name.utf8.count <= 256 else {
      throw .model(reason: "a layer's name has \(name.utf8.count) bytes, expected 1 to 256")
    }
    try checkIsKeras()
    if !inSequence, className != "InputLayer" { inputs = try readInputs() }
  }

  func error(_ reason: String) -> ImportError { .layer(name: name, reason: reason) }

  /// A class of the same name from elsewhere, or a registered one, may compute anything.
  private func checkIsKeras() throws(ImportError) {
    if let module = description["module"]?.string {
      let isLayer = ["keras.layers", "keras.src.layers", "keras.src.models", "keras.src.engine", "keras.models"]
        .contains { module == $0 || module.hasPrefix($0 + ".") }
      guard isLayer || module == "keras" && ["Functional", "Sequential", "Model"].contains(className) else {
        throw error("\(className) of the module \"\(module.prefix(80))\", expected a layer of Keras")
      }
    }
    if let registered = description["registered_name"]?.string, registered != className {
      throw error("a custom object registered as \"\(registered.prefix(80))\"")
    }
  }

  private func readInputs() throws(ImportError) -> [String] {
    guard let calls = description["inbound_nodes"]?.array else { throw error("has no inbound_nodes") }
    guard calls.count == 1 else {
      throw error("is called \(calls.count) times, expected once: shared layers cannot be read")
    }
    if case .object = calls[0] {
      try checkArguments(calls[0]["kwargs"] ?? .null)
      return try tensors(in: calls[0]["args"] ?? .null)
    }
    // Keras 2: a list of [layer, node, tensor, arguments], or one of these.
    guard let list = calls[0].array else { throw error("its inbound_nodes are of an unknown form") }
    var names: [String] = []
    for tensor in list.first?.string == nil ? list : [calls[0]] {
      guard let parts = tensor.array, (3...4).contains(parts.count) else {
        throw error("its inbound_nodes are of an unknown form")
      }
      if parts.count == 4 { try checkArguments(parts[3]) }
      names.append(try history(Array(parts[..<3])))
    }
    return names
  }

  /// The layers behind a Keras 3 call's arguments: tensors, and lists of them.
  private func tensors(in argument: JSON) throws(ImportError) -> [String] {
    if let list = argument.array {
      var names: [String] = []
      for element in list { names += try tensors(in: element) }
      return names
    }
    guard argument["class_name"]?.string == "__keras_tensor__",
      let history = argument["config"]?["keras_history"]?.array
    else { throw error("is called with something that is not a tensor") }
    return [try self.history(history)]
  }

  private func history(_ parts: [JSON]) throws(ImportError) -> String {
    guard parts.count == 3, let name = parts[0].string, parts[1].int == 0, parts[2].int == 0 else {
      throw error("reads an output other than the only one of a layer called once")
    }
    return name
  }

  private func checkArguments(_ arguments: JSON) throws(ImportError) {
    guard case .object(let members) = arguments else {
      guard arguments.isNull else { throw error("is called with arguments of an unknown form") }
      return
    }
    for (argument, value) in members where !value.isNull {
      guard argument == "training", value == .bool(false) else {
        throw error("is called with the argument \"\(argument.prefix(80))\", which cannot be expressed")
      }
    }
  }
}

extension JSON {
  /// A list of whole numbers and nulls.
  var shape: [Int?]? {
    guard let array, array.allSatisfy({ $0.isNull || $0.int != nil }) else { return nil }
    return array.map(\.int)
  }
}
