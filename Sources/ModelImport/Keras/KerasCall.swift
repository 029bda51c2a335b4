/// One use of a layer: the arguments that it is called with.
struct KerasCall {
  indirect enum Argument {
    case tensor(KerasTensor)
    case value(JSON)
    case list([Argument])
  }

  var positional: [Argument] = []
  var keywords: [String: Argument] = [:]

  /// A call in a sequence.
  init() {}

  /// - Parameter node: Keras 3's object with `args` and `kwargs`, or a list of Keras 2.
  init?(_ node: JSON) {
    if case .object = node {
      guard let arguments = node["args"]?.array else { return nil }
      positional = arguments.map { Argument($0) }
      if case .object(let members)? = node["kwargs"] { keywords = members.mapValues { Argument($0) } }
      return
    }
    guard let list = node.array else { return nil }
    // A list of [layer, call, tensor, keywords], or one of these where the layer was called with one tensor.
    let tensors = list.first?.string == nil ? list : [node]
    for tensor in tensors {
      guard let parts = tensor.array, (3...4).contains(parts.count) else { return nil }
      if parts[0].string == "_CONSTANT_VALUE" {
        positional.append(.value(parts[2]))
      } else if let reference = KerasTensor(tensor) {
        positional.append(.tensor(reference))
      } else {
        return nil
      }
      guard parts.count == 4, !parts[3].isNull else { continue }
      guard case .object(let members) = parts[3] else { return nil }
      for (name, value) in members { keywords[name] = Argument(legacy: value) }
    }
  }

  /// All tensors that it reads.
  var tensors: [KerasTensor] { (positional + keywords.sorted { $0.key < $1.key }.map(\.value)).flatMap(\.tensors) }
}

extension KerasCall.Argument {
  fileprivate init(_ json: JSON) {
    if let list = json.array {
      self = .list(list.map { KerasCall.Argument($0) })
    } else if json["class_name"]?.string == "__keras_tensor__", let history = json["config"]?["keras_history"],
      let tensor = KerasTensor(history)
    {
      self = .tensor(tensor)
    } else {
      self = .value(json)
    }
  }

  /// Keras 2's lists of numbers are values, those that begin with a name are tensors.
  fileprivate init(legacy json: JSON) {
    if let tensor = KerasTensor(json) {
      self = .tensor(tensor)
    } else if let list = json.array, list.contains(where: { KerasTensor($0) != nil }) {
      self = .list(list.map { KerasCall.Argument(legacy: $0) })
    } else {
      self = .value(json)
    }
  }

  var tensors: [KerasTensor] {
    switch self {
    case .tensor(let tensor): [tensor]
    case .list(let list): list.flatMap(\.tensors)
    case .value: []
    }
  }

  /// The value as the file has it; nil where it contains tensors.
  var json: JSON? {
    switch self {
    case .tensor: nil
    case .value(let json): json
    case .list(let list):
      tensors.isEmpty ? .array(list.compactMap(\.json)) : nil
    }
  }
}
