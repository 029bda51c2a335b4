import ModelGraph

/// Makes a graph of a Keras model, layer by layer; nested models are flattened, their layers named `model/layer`.
struct KerasTranslator {
  /// What a layer gives to those that read it.
  struct Value {
    var node: Int
    /// Zeros that a `ZeroPadding2D` has put around it, to be absorbed by the layers that read it.
    var border = Border()
    /// What rescaling layers have made of the input, to be absorbed by the preprocessing.
    var scaling: InputScaling?

    init(node: Int) { self.node = node }
  }

  struct Border: Hashable {
    var top = 0
    var left = 0
    var bottom = 0
    var right = 0
  }

  var builder = GraphBuilder()
  private(set) var weights: any KerasWeights
  /// Replaces the size that the model's input layer states.
  private let inputSize: Extent?
  /// The scaling with which the graph's layers read the input, once one has read it.
  private var usedScaling: InputScaling??

  private init(weights: any KerasWeights, inputSize: Extent?) {
    self.weights = weights
    self.inputSize = inputSize
  }

  /// - Returns: The graph, valid, and the scaling of its input that the model's first layers were.
  static func translate(
    _ model: KerasModel, weights: any KerasWeights, inputSize: Extent?
  ) throws(ImportError) -> (graph: Graph, scaling: InputScaling?) {
    var translator = KerasTranslator(weights: weights, inputSize: inputSize)
    let output = try translator.append(model, at: Position(), input: nil)
    try translator.weights.checkNothingIsLeft()
    let graph = translator.builder.graph
    guard output.node == graph.nodes.count - 1, output.border == Border(), output.node > 0 else {
      throw .model(reason: "\"\(model.name)\": its output is not the last of its layers")
    }
    do throws(GraphError) {
      try graph.validate()
    } catch {
      throw .model(reason: "\"\(model.name)\": \(error)")
    }
    return (graph, translator.usedScaling ?? nil)
  }

  /// Where a model's layers are: outermost, or in another model.
  private struct Position {
    var prefix = ""
    var storage = ""
    var topLayer: String?
    var depth = 0

    func address(of layer: KerasLayer, storageName: String) -> WeightAddress {
      WeightAddress(
        layer: prefix + layer.name, storage: storage + "layers/" + storageName, name: layer.name,
        topLayer: topLayer ?? layer.name)
    }
  }

  private mutating func append(
    _ model: KerasModel, at position: Position, input: Value?
  ) throws(ImportError) -> Value {
    var values: [String: Value] = [:]
    var storageCounts: [String: Int] = [:]
    var previous = input
    for layer in model.layers {
      let kind = Keras3Weights.storageName(ofClass: layer.className)
      let count = storageCounts[kind, default: 0]
      storageCounts[kind] = count + 1
      let address = position.address(of: layer, storageName: count == 0 ? kind : "\(kind)_\(count)")
      let value: Value
      if layer.className == "InputLayer" {
        guard model.isSequential ? values.isEmpty : layer.name == model.input else {
          throw .layer(name: address.layer, reason: "an input besides the only one")
        }
        value = if let input { input } else { try appendInput(layer.inputShape, named: address.layer) }
      } else {
        if model.isSequential, previous == nil {
          previous = try appendInput(model.buildShape ?? layer.inputShape, named: position.prefix + "input")
        }
        let inputs = try self.inputs(of: layer, in: model, address, previous: previous, values: values)
        value = try append(layer, address, inputs: inputs, in: position)
      }
      guard values.updateValue(value, forKey: layer.name) == nil else {
        throw .layer(name: address.layer, reason: "two layers have this name")
      }
      previous = value
    }
    guard let output = model.isSequential ? previous : values[model.output ?? ""] else {
      throw .model(reason: "\"\(model.name)\" has no layer \"\(model.output ?? "")\", its output")
    }
    return output
  }

  private func inputs(
    of layer: KerasLayer, in model: KerasModel, _ address: WeightAddress, previous: Value?, values: [String: Value]
  ) throws(ImportError) -> [Value] {
    if model.isSequential { return [previous].compactMap(\.self) }
    var inputs: [Value] = []
    for name in layer.inputs {
      guard let value = values[name] else {
        throw .layer(name: address.layer, reason: "reads \"\(name)\", expected a layer before it")
      }
      inputs.append(value)
    }
    return inputs
  }

  private mutating func append(
    _ layer: KerasLayer, _ address: WeightAddress, inputs: [Value], in position: Position
  ) throws(ImportError) -> Value {
    guard ["Functional", "Sequential", "Model"].contains(layer.className) else {
      return try append(layer, address, inputs)
    }
    guard inputs.count == 1 else {
      throw .layer(name: address.layer, reason: "a model of \(inputs.count) inputs, expected 1")
    }
    guard position.depth < 16 else { throw .layer(name: address.layer, reason: "models are nested more than 16 deep") }
    let inner = Position(
      prefix: address.layer + "/", storage: address.storage + "/", topLayer: address.topLayer,
      depth: position.depth + 1)
    return try append(try KerasModel(layer.description), at: inner, input: inputs[0])
  }

  private mutating func appendInput(_ shape: [Int?]?, named name: String) throws(ImportError) -> Value {
    guard let shape, shape.count == 4, let channels = shape[3] else {
      throw .layer(name: name, reason: "its shape is not batch x height x width x channels")
    }
    guard let height = inputSize?.height ?? shape[1], let width = inputSize?.width ?? shape[2] else {
      throw .options(reason: "the model takes images of any size: give one with --input-size")
    }
    guard channels == 3 else {
      throw .layer(name: name, reason: "takes \(channels) channels, expected the 3 of an RGB image")
    }
    let operation = Operation.input(.map(height: height, width: width, channels: channels))
    return Value(node: try append(name, operation, [], of: name))
  }

  /// Appends a node whose inputs carry nothing that it would have to absorb.
  mutating func appendPlain(
    _ node: String, _ operation: Operation, _ inputs: [Value], of layer: String, _ weights: [FileTensor] = []
  ) throws(ImportError) -> Value {
    guard inputs.allSatisfy({ $0.border == Border() }) else {
      throw .layer(name: layer, reason: "\(operation.name) of zero padding, which cannot be expressed exactly")
    }
    var nodes: [Int] = []
    for input in inputs { nodes.append(try self.node(of: input, readBy: layer)) }
    return Value(node: try append(node, operation, nodes, of: layer, weights))
  }

  /// The node of a value. All that read the input must do so with the same scaling.
  mutating func node(of value: Value, readBy layer: String) throws(ImportError) -> Int {
    guard value.node == 0 else { return value.node }
    if let usedScaling, usedScaling != value.scaling {
      throw .layer(name: layer, reason: "reads the input with a scaling of its own")
    }
    usedScaling = .some(value.scaling)
    return 0
  }

  mutating func take(_ address: WeightAddress, _ names: [[String]]) throws(ImportError) -> [NamedArray] {
    let datasets = try weights.take(address, names)
    for dataset in datasets {
      if let (index, value) = try dataset.firstNonFinite() {
        throw .weights(layer: address.layer, reason: "value \(index) of \"\(dataset.name)\" is \(value)")
      }
    }
    return datasets
  }

  /// Appends a node with its weights, which must have the dimensions that the file should give them.
  mutating func append(
    _ name: String, _ operation: Operation, _ inputs: [Int], of layer: String, _ weights: [FileTensor] = []
  ) throws(ImportError) -> Int {
    var remaining = weights[...]
    do {
      return try builder.append(name, operation, inputs) { role, dimensions throws(ImportError) in
        guard let weight = remaining.popFirst() else { throw .weights(layer: layer, reason: "missing: no \(role)") }
        return try weight.tensor(named: "\(name)/\(role)", dimensions: dimensions, layer: layer)
      }
    } catch let error as ImportError {
      throw error
    } catch let error as GraphError {
      throw .layer(name: layer, reason: error.reason)
    } catch {
      throw .layer(name: layer, reason: "\(error)")
    }
  }
}

/// An array of a file on its way into the graph.
struct FileTensor {
  var dataset: NamedArray
  /// The last two dimensions of a depthwise kernel, channels x multiplier in Keras, are one in the graph (1 x product);
  /// the values lie in the same order.
  var depthMultiplier: Int?

  init(_ dataset: NamedArray, depthMultiplier: Int? = nil) {
    self.dataset = dataset
    self.depthMultiplier = depthMultiplier
  }

  func tensor(named name: String, dimensions: [Int], layer: String) throws(ImportError) -> Tensor {
    var expected = dimensions
    if let depthMultiplier, dimensions.count == 4 {
      expected = [dimensions[0], dimensions[1], dimensions[3] / depthMultiplier, depthMultiplier]
    }
    guard dataset.dimensions == expected else {
      throw .weights(
        layer: layer, reason: "\"\(dataset.name)\" has the dimensions \(dataset.dimensions), expected \(expected)")
    }
    return try dataset.reshaped(to: dimensions).tensor(named: name, dimensions: dimensions)
  }
}

extension KerasLayer {
  /// The shape that it declares for its input, with the batch, or nil.
  fileprivate var inputShape: [Int?]? { (config["batch_shape"] ?? config["batch_input_shape"])?.shape }
}
