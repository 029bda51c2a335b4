/// A layer of a Keras model.
struct KerasLayer {
  var className: String
  var name: String
  var config: JSON
  /// The whole description; a nested model is described in it.
  var description: JSON
  /// Each place where it is used; a layer in a sequence has none.
  var calls: [KerasCall]

  init(_ description: JSON, inSequence: Bool) throws(ImportError) {
    guard let className = description["class_name"]?.string, let config = description["config"],
      let name = description["name"]?.string ?? config["name"]?.string
    else { throw .model(reason: "a layer without a class_name, a config or a name") }
    self.className = String(className.prefix(80))
    self.config = config
    self.description = description
    self.name = name
    calls = []
    guard !name.isEmpty, name.utf8.count <= 256 else {
      throw .model(reason: "a layer's name has \(name.utf8.count) bytes, expected 1 to 256")
    }
    try checkIsKeras()
    if !inSequence, className != "InputLayer" { calls = try readCalls() }
  }

  var isModel: Bool { KerasModel.classNames.contains(className) }
  /// Whether training changes its weights: Keras lists those first.
  var isTrainable: Bool { config["trainable"]?.bool ?? true }

  /// What to do about a layer that is not known, as the end of a message.
  static let nextStep =
    "; export the model to ONNX (model.export(\"model.onnx\", format=\"onnx\")), or open an issue that names it"

  func error(_ reason: String) -> ImportError { .layer(name: name, reason: reason) }

  /// The packages that Keras has been part of.
  private static let packages = ["keras", "tf_keras", "keras_core", "tensorflow.keras", "tensorflow.python.keras"]

  /// A class of the same name from elsewhere, or a registered one, may compute anything.
  private func checkIsKeras() throws(ImportError) {
    var isFromKeras = true
    if let module = description["module"]?.string {
      isFromKeras = Self.packages.contains { module == $0 || module.hasPrefix($0 + ".") }
      guard isFromKeras else {
        throw error("\(className) of the module \"\(module.prefix(80))\", expected a layer of Keras")
      }
    }
    if let registered = description["registered_name"]?.string, registered != className {
      // Keras registers a few layers of its own applications as users register theirs.
      guard registered == "Custom>" + className, description["module"] != nil, isFromKeras else {
        throw error("a custom object registered as \"\(registered.prefix(80))\"")
      }
    }
  }

  private func readCalls() throws(ImportError) -> [KerasCall] {
    guard let nodes = description["inbound_nodes"]?.array else { throw error("has no inbound_nodes") }
    var calls: [KerasCall] = []
    for node in nodes {
      guard let call = KerasCall(node) else { throw error("its inbound_nodes are of an unknown form") }
      calls.append(call)
    }
    guard !calls.isEmpty else { throw error("is never called") }
    return calls
  }
}
