import ModelGraph

/// Makes a graph from a Keras model, layer by layer; nested models are flattened, and their layers are named
/// `model/layer`.
struct KerasTranslator {
  /// What a layer passes to the layers that read it.
  struct Value {
    var node: Int
    /// Zeros that a `ZeroPadding2D` has put around it, to be absorbed by the layers that read it.
    var border = Border()
    /// What layers did to the input's values, to be left to the preprocessing; nil where there were none.
    var scaling: InputScaling?
    /// The one channel that is used, where `x[..., c]` has taken it out.
    var channel: Int?
    /// Whether Keras counts one axis less than the graph: `x[..., c]` has no axis of channels, where the graph has one
    /// channel.
    var lacksChannels = false
    /// What is between it and the node, which no operation expresses.
    var unexpressed: Unexpressed?

    init(node: Int) { self.node = node }

    var isPlain: Bool { isWhole && unexpressed == nil }
    /// Whether it has all values of its node, and no others.
    var isWhole: Bool { border == Border() && channel == nil }
  }

  /// What only some of the layers that read a value can undo.
  enum Unexpressed: Hashable {
    /// The order of a flattened map with channels first, of this shape: a dense layer's kernel follows it.
    case channelsFirst(Shape)
    /// The logarithm of a softmax: as the model's output, its logits give the same probabilities.
    case logSoftmax
    /// That images are of any size: the `Resizing` that the preprocessing does gives them one.
    case anySize
  }

  struct Border: Hashable {
    var top = 0
    var left = 0
    var bottom = 0
    var right = 0
  }

  /// What a layer is called with: a value, or numbers that the file has.
  enum Operand {
    case value(Value)
    case numbers(JSON)
  }

  /// A layer in one of its places.
  struct Site {
    var layer: KerasLayer
    /// Its name, after those of the models around it; its last node has the same name.
    var name: String
    var operands: [Operand]
    var keywords: [String: Operand] = [:]
    /// In the order of its class's variables.
    var weights: [NamedArray] = []

    /// An option of the layer, or an argument that a function is called with; nil where it is null or not there.
    func option(_ names: String...) -> JSON? {
      for name in names {
        if let value = layer.config[name], !value.isNull { return value }
        if case .numbers(let value)? = keywords[name], !value.isNull { return value }
      }
      return nil
    }

    /// The only value that it reads.
    func input() throws(ImportError) -> Value {
      let values = operands.compactMap { if case .value(let value) = $0 { value } else { nil } }
      guard values.count == 1, operands.count == 1 else {
        throw layer.error("\(layer.className) of \(operands.count) inputs, expected 1")
      }
      return values[0]
    }
  }

  var builder = GraphBuilder()
  let arrays: KerasArrays
  let options: ImportOptions
  /// Whether the model's maps are channels x height x width; the graph's are not.
  let isChannelsFirst: Bool
  /// Whether Keras 3 made the file, some of whose functions differ.
  let isKeras3: Bool
  /// The scaling in which the graph's nodes read the input, once one of them has read it.
  var usedScaling: InputScaling??
  /// The names of the `Lambda` layers that were met, by which the options could declare them.
  var lambdas: Set<String> = []
  /// Whether there were layers that scale the input, so that its values are pixels.
  var scalesInput = false
  /// How a layer at the start resizes images of any size, which the preprocessing then does.
  var inputResizing: InputResizing?
  /// Values of the input in other scalings than the one that is used, by scaling.
  var rescaledInputs: [InputScaling: Int] = [:]
  /// For nodes that add one number to all values: the node that they read, and the number.
  var shifts: [Int: (input: Int, offset: Double)] = [:]
  private var nodeNames: Set<String> = []

  init(arrays: KerasArrays, options: ImportOptions, isChannelsFirst: Bool = false, isKeras3: Bool = true) {
    self.arrays = arrays
    self.options = options
    self.isChannelsFirst = isChannelsFirst
    self.isKeras3 = isKeras3
  }

  static func translate(
    _ model: KerasModel, weights: any KerasWeights, options: ImportOptions, isKeras3: Bool
  ) throws(ImportError) -> Translation {
    let layers = try model.weightedLayers(storage: weights.storage)
    var translator = KerasTranslator(
      arrays: try weights.arrays(of: layers), options: options, isChannelsFirst: try model.isChannelsFirst(),
      isKeras3: isKeras3)
    var output = try translator.append(model)
    try translator.checkLambdas()
    var notes: [String] = []
    if output.unexpressed == .logSoftmax {
      output.unexpressed = nil
      notes.append("its output is the logarithm of a softmax: that of the logits, which are kept in its place")
    }
    let last = try translator.materialized(output, at: model.name)
    guard last > 0 else { throw .model(reason: "\"\(model.name)\": its output is its input") }
    let graph = translator.builder.graph.pruned(to: last)
    do throws(GraphError) {
      try graph.validate()
    } catch {
      throw .model(reason: "\"\(model.name)\": \(error)")
    }
    guard translator.scalesInput else { return Translation(graph: graph, preprocessing: .unknown, notes: notes) }
    let used = (translator.usedScaling ?? nil) ?? .identity(channels: graph.inputShape.channels)
    return Translation(
      graph: graph, preprocessing: .scaled(used, resizing: translator.inputResizing), notes: notes)
  }

  /// The result of translating a model.
  struct Translation {
    /// Valid.
    var graph: Graph
    /// What the model's first layers tell.
    var preprocessing: KnownPreprocessing
    /// What the user should know, a sentence each.
    var notes: [String]
  }

  // MARK: Nodes

  /// A value with what it carries.
  func shape(of value: Value) -> Shape {
    let shape = builder.shape(of: value.node)
    guard !value.isPlain, case .map(let height, let width, let channels) = shape else { return shape }
    let border = value.border
    return .map(
      height: height + border.top + border.bottom, width: width + border.left + border.right,
      channels: value.channel == nil ? channels : 1)
  }

  /// Appends the last node of a layer.
  mutating func append(
    _ operation: Operation, _ inputs: [Value], at site: Site, _ weights: [NamedArray] = []
  ) throws(ImportError) -> Value {
    try append(operation, inputs, named: site.name, of: site.name, weights)
  }

  /// Appends an intermediate node of a layer.
  mutating func step(
    _ name: String, _ operation: Operation, _ inputs: [Value], at site: Site, _ weights: [NamedArray] = []
  ) throws(ImportError) -> Value {
    try append(operation, inputs, named: "\(site.name)/\(name)", of: site.name, weights)
  }

  /// Appends a node with its weights, which must have the dimensions that the graph gives them.
  mutating func append(
    _ operation: Operation, _ inputs: [Value], named name: String, of layer: String, _ weights: [NamedArray] = []
  ) throws(ImportError) -> Value {
    var nodes: [Int] = []
    for input in inputs { nodes.append(try materialized(input, at: layer)) }
    var result = Value(node: try appendNode(operation, nodes, named: name, of: layer, weights))
    result.lacksChannels = inputs.contains(where: \.lacksChannels)
    return result
  }

  mutating func appendNode(
    _ operation: Operation, _ inputs: [Int], named wanted: String, of layer: String, _ weights: [NamedArray] = []
  ) throws(ImportError) -> Int {
    var name = wanted
    var count = 1
    while !nodeNames.insert(name).inserted {
      count += 1
      name = "\(wanted)#\(count)"
    }
    var remaining = weights[...]
    do {
      return try builder.append(name, operation, inputs) { role, dimensions throws(ImportError) in
        guard let weight = remaining.popFirst() else { throw .weights(layer: layer, reason: "missing: no \(role)") }
        guard weight.dimensions == dimensions else {
          throw .weights(
            layer: layer,
            reason: "\"\(weight.name)\" has the dimensions \(weight.dimensions), expected \(dimensions)")
        }
        if let (index, value) = try weight.firstNonFinite() {
          throw .weights(layer: layer, reason: "value \(index) of \"\(weight.name)\" is \(value)")
        }
        return try weight.tensor(named: "\(name)/\(role)", dimensions: dimensions)
      }
    } catch let error as ImportError {
      throw error
    } catch let error as GraphError {
      throw .layer(name: layer, reason: error.reason)
    } catch {
      throw .layer(name: layer, reason: "\(error)")
    }
  }

  /// The node of a value, after everything that it carries has become part of the graph.
  mutating func materialized(_ value: Value, at layer: String) throws(ImportError) -> Int {
    switch value.unexpressed {
    case nil: break
    case .logSoftmax?:
      return try appendNode(.logSoftmax, [value.node], named: layer + "/log_softmax", of: layer)
    case .channelsFirst?:
      throw .layer(
        name: layer,
        reason: "reads what Flatten made of a map with channels first, which can be expressed for a Dense layer only")
    case .anySize?: throw Self.needsSize
    }
    var node = try inputNode(of: value, at: layer)
    let border = value.border
    if border != Border() {
      let pad = Pad(top: border.top, left: border.left, bottom: border.bottom, right: border.right)
      node = try appendNode(.pad(pad), [node], named: layer + "/pad", of: layer)
    }
    if let channel = value.channel {
      let slice = try channelSlice(channel, 1, of: node, at: layer)
      node = try appendNode(.slice(slice), [node], named: layer + "/channel", of: layer)
    }
    return node
  }

  /// A value that is plain, for those who read it more than once.
  mutating func settled(_ value: Value, at layer: String) throws(ImportError) -> Value {
    let node = try materialized(value, at: layer)
    // The input stays with its scaling.
    if node == 0 { return value }
    var result = Value(node: node)
    result.lacksChannels = value.lacksChannels
    return result
  }

  func channelSlice(_ first: Int, _ count: Int, of node: Int, at layer: String) throws(ImportError) -> Slice {
    let map = builder.shape(of: node).asMap.dimensions
    return Slice(
      rows: .init(first: 0, count: map[0]), columns: .init(first: 0, count: map[1]),
      channels: .init(first: first, count: count))
  }
}

extension Graph {
  /// Drops what the output does not need: other outputs of nested models.
  ///
  /// - Returns: The graph that ends with the node `last`.
  fileprivate func pruned(to last: Int) -> Graph {
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    isNeeded[last] = true
    for index in (0...last).reversed() where isNeeded[index] {
      for input in nodes[index].inputs { isNeeded[input] = true }
    }
    var pruned = Graph()
    var places = [Int](repeating: 0, count: nodes.count)
    for index in 0...last where isNeeded[index] || index == 0 {
      var node = nodes[index]
      places[index] = pruned.nodes.count
      node.inputs = node.inputs.map { places[$0] }
      node.parameters = node.parameters.map { parameter in
        pruned.tensors.append(tensors[parameter])
        return pruned.tensors.count - 1
      }
      pruned.nodes.append(node)
    }
    return pruned
  }
}
