import ModelGraph

/// Models: which calls of which layers a model's output needs, and the order in which they are appended.
extension KerasTranslator {
  /// Where a model's layers are: in the outermost model, or in a nested one.
  private struct Position {
    var prefix = ""
    var depth = 0
  }

  /// One call of a layer, by the layer's place in the model.
  private struct CallPlace: Hashable {
    var layer: Int
    var call: Int
  }

  /// Appends the outermost model; returns the value of the only output, or of the one that the options name.
  mutating func append(_ model: KerasModel) throws(ImportError) -> Value {
    var outputs = model.outputs
    if let name = options.outputLayer, model.isSequential {
      let last = model.layers.last?.name ?? ""
      guard name == last else {
        throw .options(
          reason:
            "a Sequential has one output, that of its last layer, \"\(last)\": --output-layer cannot be \"\(name)\"")
      }
    } else if let name = options.outputLayer {
      outputs = outputs.filter { $0.layer == name }
      if outputs.isEmpty, model.layers.contains(where: { $0.name == name }) {
        guard let tensor = KerasTensor(.array([.string(name), .number(0), .number(0)])) else { return Value(node: 0) }
        outputs = [tensor]
      }
    }
    guard model.isSequential || outputs.count == 1 else {
      let names = model.outputs.map { "\"\($0.layer)\"" }.joined(separator: ", ")
      throw .options(
        reason: outputs.isEmpty
          ? "the model has no layer \"\(options.outputLayer ?? "")\"; "
            + (model.outputs.count == 1
              ? "its only output is \(names): leave --output-layer out" : "its outputs are \(names)")
          : "the model has \(outputs.count) outputs, \(names): name one with --output-layer")
    }
    return try append(model, at: Position(), inputs: nil, outputs: outputs)[0]
  }

  private mutating func append(
    _ model: KerasModel, at position: Position, inputs: [Value]?, outputs: [KerasTensor]
  ) throws(ImportError) -> [Value] {
    guard position.depth <= 16 else {
      throw .layer(name: position.prefix, reason: "models are nested more than 16 deep")
    }
    return model.isSequential
      ? [try appendSequence(model, at: position, inputs: inputs)]
      : try appendNetwork(model, at: position, inputs: inputs, outputs: outputs)
  }

  private mutating func appendSequence(
    _ model: KerasModel, at position: Position, inputs: [Value]?
  ) throws(ImportError) -> Value {
    guard inputs == nil || inputs?.count == 1 else {
      throw .layer(name: position.prefix, reason: "a model of \(inputs?.count ?? 0) inputs, expected 1")
    }
    var names: Set<String> = []
    var value = inputs?.first
    for (index, layer) in model.layers.enumerated() {
      let name = position.prefix + layer.name
      guard names.insert(layer.name).inserted else { throw .layer(name: name, reason: "two layers have this name") }
      if layer.className == "InputLayer" {
        guard index == 0 else { throw .layer(name: name, reason: "an input besides the only one") }
        if value == nil { value = try appendInput(layer.inputShape, named: name, before: model) }
      } else {
        if value == nil {
          value = try appendInput(
            layer.inputShape ?? model.buildShape, named: position.prefix + "input", before: model)
        }
        guard let input = value else { continue }
        value = try append(layer, KerasCall(), operands: [.value(input)], at: position)[0]
      }
    }
    guard let value else { throw .model(reason: "\"\(model.name)\" has no layers") }
    return value
  }

  private mutating func appendNetwork(
    _ model: KerasModel, at position: Position, inputs: [Value]?, outputs: [KerasTensor]
  ) throws(ImportError) -> [Value] {
    var indices: [String: Int] = [:]
    for (index, layer) in model.layers.enumerated()
    where indices.updateValue(index, forKey: layer.name) != nil {
      throw .layer(name: position.prefix + layer.name, reason: "two layers have this name")
    }
    let references = CallReferences(model)
    var values: [CallPlace: [Value]] = [:]
    for place in try order(model, outputs, indices, references, prefix: position.prefix) {
      let layer = model.layers[place.layer]
      let name = position.prefix + layer.name
      if layer.className == "InputLayer" {
        values[place] = [try input(layer, of: model, inputs, named: name)]
        continue
      }
      let call = layer.calls[place.call]
      let operands = try self.operands(of: call) { tensor throws(ImportError) in
        let source = CallPlace(layer: indices[tensor.layer]!, call: try references.call(of: tensor, readBy: name))
        guard let found = values[source], tensor.index < found.count else {
          throw .layer(name: name, reason: "reads output \(tensor.index) of \"\(tensor.layer)\", which has none")
        }
        return found[tensor.index]
      }
      values[place] = try append(layer, call, operands: operands.positional, operands.keywords, at: position)
    }
    var result: [Value] = []
    for tensor in outputs {
      let place = CallPlace(layer: indices[tensor.layer]!, call: try references.call(of: tensor, readBy: model.name))
      guard let found = values[place], tensor.index < found.count else {
        throw .model(reason: "\"\(model.name)\" has no output \(tensor.index) of \"\(tensor.layer)\"")
      }
      result.append(found[tensor.index])
    }
    return result
  }

  private mutating func input(
    _ layer: KerasLayer, of model: KerasModel, _ inputs: [Value]?, named name: String
  ) throws(ImportError) -> Value {
    guard let index = model.inputs.firstIndex(of: layer.name) else {
      throw .layer(name: name, reason: "an input that the model does not list")
    }
    if let inputs {
      guard inputs.count == model.inputs.count else {
        throw .layer(name: name, reason: "called with \(inputs.count) inputs, expected \(model.inputs.count)")
      }
      return inputs[index]
    }
    guard builder.graph.nodes.isEmpty else { throw .layer(name: name, reason: "an input besides the only one") }
    return try appendInput(layer.inputShape, named: name, before: model)
  }

  /// The calls that the outputs need, each after those that it reads, otherwise in the order of the file.
  private func order(
    _ model: KerasModel, _ outputs: [KerasTensor], _ indices: [String: Int], _ references: CallReferences,
    prefix: String
  ) throws(ImportError) -> [CallPlace] {
    func place(_ tensor: KerasTensor, readBy layer: String) throws(ImportError) -> CallPlace {
      guard let index = indices[tensor.layer] else {
        throw .layer(name: layer, reason: "reads \"\(tensor.layer)\", which is no layer of the model")
      }
      return CallPlace(layer: index, call: try references.call(of: tensor, readBy: layer))
    }
    var sources: [CallPlace: [CallPlace]] = [:]
    var open: [CallPlace] = []
    for output in outputs { open.append(try place(output, readBy: prefix + model.name)) }
    while let next = open.popLast() {
      guard sources[next] == nil else { continue }
      let layer = model.layers[next.layer]
      var read: [CallPlace] = []
      if layer.className != "InputLayer" {
        for tensor in layer.calls[next.call].tensors {
          read.append(try place(tensor, readBy: prefix + layer.name))
        }
      }
      sources[next] = read
      open += read
    }
    var waiting = sources.keys.sorted { ($0.layer, $0.call) < ($1.layer, $1.call) }
    var order: [CallPlace] = []
    var done: Set<CallPlace> = []
    while !waiting.isEmpty {
      let ready = waiting.filter { place in
        guard sources[place]!.allSatisfy(done.contains) else { return false }
        done.insert(place)
        return true
      }
      guard !ready.isEmpty else {
        let layer = model.layers[waiting[0].layer].name
        throw .layer(name: prefix + layer, reason: "reads its own value, by way of other layers")
      }
      order += ready
      waiting = waiting.filter { !done.contains($0) }
    }
    return order
  }

  private func operands(
    of call: KerasCall, value: (KerasTensor) throws(ImportError) -> Value
  ) throws(ImportError) -> (positional: [Operand], keywords: [String: Operand]) {
    func operands(_ argument: KerasCall.Argument) throws(ImportError) -> [Operand] {
      switch argument {
      case .tensor(let tensor): return [.value(try value(tensor))]
      case .value(let json): return [.numbers(json)]
      case .list(let list):
        if let json = argument.json { return [.numbers(json)] }
        var result: [Operand] = []
        for element in list { result += try operands(element) }
        return result
      }
    }
    var positional: [Operand] = []
    for argument in call.positional { positional += try operands(argument) }
    var keywords: [String: Operand] = [:]
    for (name, argument) in call.keywords { keywords[name] = try operands(argument).first }
    return (positional, keywords)
  }

  /// Appends one call of a layer, and returns the values that it gives.
  private mutating func append(
    _ layer: KerasLayer, _ call: KerasCall, operands: [Operand], _ keywords: [String: Operand] = [:],
    at position: Position
  ) throws(ImportError) -> [Value] {
    let name = position.prefix + layer.name
    let site = Site(
      layer: layer, name: name, operands: operands, keywords: keywords, weights: arrays[name] ?? [])
    if layer.isModel {
      try site.checkKeywords(isKeras3: isKeras3)
      let inner = try KerasModel(layer.description)
      let inputs = operands.compactMap { if case .value(let value) = $0 { value } else { nil } }
      return try append(
        inner, at: Position(prefix: name + "/", depth: position.depth + 1), inputs: inputs, outputs: inner.outputs)
    }
    do throws(ImportError) {
      guard let layerClass = try KerasLayerClass.named(layer) else {
        throw layer.error("the class \(layer.className) is not known\(KerasLayer.nextStep)")
      }
      if !layerClass.readsKeywords { try site.checkKeywords(isKeras3: isKeras3) }
      return try layerClass.append(&self, site)
    } catch {
      // Errors about a layer's options name the layer without the models around it.
      guard case .layer(layer.name, let reason) = error else { throw error }
      throw .layer(name: name, reason: reason)
    }
  }
}

/// Which call of a layer a reference refers to.
///
/// In a model, the calls of a layer count from 0, but those of a nested model from 1 where its own making counts as a
/// call: in all Keras 2 and 3 for functional models, in Keras 2 for sequential ones too.
private struct CallReferences {
  private var calls: [String: (count: Int, isModel: Bool, isFunctional: Bool)] = [:]
  private var indices: [String: Set<Int>] = [:]

  init(_ model: KerasModel) {
    for layer in model.layers {
      calls[layer.name] = (max(layer.calls.count, 1), layer.isModel, layer.isModel && layer.className != "Sequential")
      for tensor in layer.calls.flatMap(\.tensors) { indices[tensor.layer, default: []].insert(tensor.call) }
    }
    for tensor in model.outputs { indices[tensor.layer, default: []].insert(tensor.call) }
  }

  func call(of tensor: KerasTensor, readBy layer: String) throws(ImportError) -> Int {
    guard let (count, isModel, isFunctional) = calls[tensor.layer], let used = indices[tensor.layer] else {
      throw .layer(name: layer, reason: "reads \"\(tensor.layer)\", which is no layer of the model")
    }
    var first = 0
    if isModel {
      if count == 1, tensor.call <= 1 { return 0 }
      first = used.contains(count) ? 1 : used.contains(0) ? 0 : isFunctional ? 1 : -1
    }
    guard first >= 0, (first..<first + count).contains(tensor.call) else {
      throw .layer(
        name: layer, reason: "reads call \(tensor.call) of \"\(tensor.layer)\", which is called \(count) times")
    }
    return tensor.call - first
  }
}

extension KerasTranslator.Site {
  /// Requires that the arguments besides the inputs have no effect.
  ///
  /// `training=True` has no effect in Keras 3, whose `predict` overrides it; in Keras 2 it stays, and dropout drops
  /// values.
  fileprivate func checkKeywords(isKeras3: Bool) throws(ImportError) {
    let dependsOnTraining =
      !isKeras3
      && (layer.isModel || KerasLayerClass.isNothing(layer) || layer.className.hasPrefix("BatchNormalization"))
    for (name, operand) in keywords {
      guard case .numbers(let value) = operand,
        value.isNull || name == "training" && (value == .bool(false) || !dependsOnTraining)
      else {
        throw layer.error("is called with the argument \"\(name.prefix(80))\", which cannot be expressed")
      }
    }
  }
}

extension KerasModel {
  /// Whether its layers take channels first; all layers that say so must agree.
  func isChannelsFirst() throws(ImportError) -> Bool {
    let formats = try dataFormats(depth: 0)
    guard formats.count <= 1 else {
      throw .model(reason: "\"\(name)\": some layers take channels first, others last, which cannot be expressed")
    }
    return formats.first == "channels_first"
  }

  private func dataFormats(depth: Int) throws(ImportError) -> Set<String> {
    guard depth <= 16 else { throw .model(reason: "\"\(name)\": models are nested more than 16 deep") }
    var formats: Set<String> = []
    for layer in layers {
      if layer.isModel {
        formats.formUnion(try KerasModel(layer.description).dataFormats(depth: depth + 1))
      } else if let format = layer.config["data_format"]?.string, layer.className != "Flatten",
        !layer.className.hasPrefix("Random")
      {
        formats.insert(format)
      }
    }
    return formats
  }
}

extension KerasLayer {
  /// The shape that it declares for its input, with the batch, or nil.
  fileprivate var inputShape: [Int?]? { (config["batch_shape"] ?? config["batch_input_shape"])?.shape }
}
