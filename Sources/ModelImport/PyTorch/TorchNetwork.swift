import ModelGraph

/// A network of PyTorch as it is built from its weights: each method appends what one module computes, under the module's
/// name.
struct TorchNetwork {
  let weights: StateDictionary
  /// The network by name, where it has one that is known.
  let variant: TorchVariant?
  private(set) var builder = GraphBuilder()
  private var used: Set<String> = []
  private var names: Set<String> = []
  /// For all batch normalizations to come.
  var epsilon: Float = 1e-5
  /// Whether convolutions pad as TensorFlow's `SAME`, as timm's `tf_` networks do.
  var padsLikeTensorFlow = false
  var notes: [String] = []

  init(_ weights: StateDictionary, variant: TorchVariant?) {
    self.weights = weights
    self.variant = variant
  }

  func channels(of node: Int) -> Int { builder.shape(of: node).channels }

  mutating func input(_ size: Extent) throws(ImportError) -> Int {
    try append("input", .input(.map(height: size.height, width: size.width, channels: 3)), [])
  }

  // MARK: Modules with weights

  /// A `Conv2d`. Groups follow from the weights, a bias is there where the file has it.
  ///
  /// - Parameters:
  ///   - padding: Nil for as much on each side as keeps the size at stride 1.
  ///   - sides: The sides that the kernel has in the family's networks; nil where the stride and what follows do not depend on
  ///     it. Who changes a stem's kernel, as for small pictures, changes its stride too, which no weight tells.
  mutating func convolution(
    _ name: String, _ input: Int, stride: Int = 1, padding: Padding? = nil, dilation: Int = 1, sides: [Int]? = nil
  ) throws(ImportError) -> Int {
    var weight = try array(name + ".weight")
    // Cadene's and Keras's ports have pointwise kernels of two dimensions.
    if weight.dimensions.count == 2 { weight = try weight.reshaped(to: weight.dimensions + [1, 1]) }
    guard weight.dimensions.count == 4, weight.count != nil else {
      throw .weights(layer: name, reason: "its kernel has the dimensions \(weight.dimensions), expected four")
    }
    let size = Extent(height: weight.dimensions[2], width: weight.dimensions[3])
    if let sides, size.height != size.width || !sides.contains(size.height) {
      throw .weights(
        layer: name,
        reason:
          "its kernel is \(size), expected \(sides.map { "\(Extent($0))" }.joined(separator: " or ")): the network was "
          + "changed here, and its weights do not tell with which stride; export it to ONNX with torch.onnx.export")
    }
    let inputs = channels(of: input)
    if case .input = builder.graph.nodes[input].operation, weight.dimensions[1] != inputs {
      throw .weights(
        layer: name,
        reason:
          "its kernel reads pictures with \(weight.dimensions[1]) channels, expected \(inputs); export the model to ONNX "
          + "with torch.onnx.export")
    }
    guard inputs % weight.dimensions[1] == 0 else {
      throw .weights(layer: name, reason: "its kernel reads \(weight.dimensions[1]) channels, its input has \(inputs)")
    }
    let (rows, columns) = ((size.height - 1) / 2 * dilation, (size.width - 1) / 2 * dilation)
    let symmetric: Padding =
      rows + columns == 0 ? .valid : .explicit(top: rows, left: columns, bottom: rows, right: columns)
    let hasBias = weights.has(name + ".bias")
    let convolution = Convolution(
      window: Window(
        size: size, stride: Extent(stride), dilation: Extent(dilation),
        padding: padding ?? (padsLikeTensorFlow ? .same : symmetric)),
      outputChannels: weight.dimensions[0], groups: inputs / weight.dimensions[1], hasBias: hasBias)
    return try append(
      name, .convolution(convolution), [input],
      [weight.permuted([2, 3, 1, 0])] + (hasBias ? [try array(name + ".bias")] : []))
  }

  /// A `BatchNorm2d`.
  mutating func normalization(_ name: String, _ input: Int) throws(ImportError) -> Int {
    var arrays: [NamedArray] = []
    for part in ["weight", "bias", "running_mean", "running_var"] { arrays.append(try array("\(name).\(part)")) }
    return try append(name, .batchNormalization(BatchNormalization(epsilon: epsilon)), [input], arrays)
  }

  /// A normalization over the channels of each position.
  mutating func layerNormalization(_ name: String, _ input: Int, epsilon: Float) throws(ImportError) -> Int {
    try append(
      name, .layerNormalization(LayerNormalization(epsilon: epsilon)), [input],
      [try array(name + ".weight"), try array(name + ".bias")])
  }

  /// A `Linear` on a vector, or on the channels of each position of a map.
  ///
  /// A flattened map's weights are in the order channels x height x width, and are put into that of the graph.
  mutating func linear(_ name: String, _ input: Int) throws(ImportError) -> Int {
    let weight = try array(name + ".weight")
    let hasBias = weights.has(name + ".bias")
    let bias = hasBias ? [try array(name + ".bias")] : []
    guard weight.dimensions.count == 2, weight.count != nil else {
      throw .weights(layer: name, reason: "its kernel has the dimensions \(weight.dimensions), expected two")
    }
    let outputs = weight.dimensions[0]
    if case .map = builder.shape(of: input) {
      let pointwise = Convolution(window: Window(size: Extent(1)), outputChannels: outputs, hasBias: hasBias)
      let kernel = try weight.reshaped(to: weight.dimensions + [1, 1]).permuted([2, 3, 1, 0])
      return try append(name, .convolution(pointwise), [input], [kernel] + bias)
    }
    var kernel = weight.permuted([1, 0])
    let source = builder.graph.nodes[input]
    if case .flatten = source.operation,
      case .map(let height, let width, let channels) = builder.shape(of: source.inputs[0]),
      height * width > 1
    {
      kernel = try weight.reshaped(to: [outputs, channels, height, width]).permuted([2, 3, 1, 0])
        .reshaped(to: [height * width * channels, outputs])
    }
    return try append(name, .dense(Dense(outputs: outputs, hasBias: hasBias)), [input], [kernel] + bias)
  }

  /// A factor for each channel that is a parameter of its own.
  mutating func scale(_ name: String, _ input: Int) throws(ImportError) -> Int {
    let count = channels(of: input)
    let factors = try array(name).reshaped(to: [count])
    let rest = [0, 1].map { value in
      NamedArray(name: name, dimensions: [count], values: [Float](repeating: Float(value), count: count))
    }
    return try append(
      name, .batchNormalization(BatchNormalization(epsilon: 0, hasBeta: false)), [input], [factors] + rest)
  }

  // MARK: Modules without weights

  mutating func activation(_ activation: Activation, _ input: Int) throws(ImportError) -> Int {
    if activation == .identity { return input }
    return try append(builder.graph.nodes[input].name + ".act", .activation(activation), [input])
  }

  mutating func maxPool(
    _ name: String, _ input: Int, size: Int = 3, stride: Int = 2, padding: Int = 0, roundsUp: Bool = false
  ) throws(ImportError) -> Int {
    var (bottom, right) = (padding, padding)
    if roundsUp, case .map(let height, let width, _) = builder.shape(of: input) {
      let missing = { (side: Int) in
        let rest = (side + 2 * padding - size) % stride
        return rest <= 0 ? 0 : stride - rest
      }
      (bottom, right) = (padding + missing(height), padding + missing(width))
    }
    let window = Window(
      size: Extent(size), stride: Extent(stride),
      padding: bottom + right + padding == 0
        ? .valid : .explicit(top: padding, left: padding, bottom: bottom, right: right))
    return try append(name, .maxPool(window), [input])
  }

  mutating func averagePool(
    _ name: String, _ input: Int, size: Int, stride: Int, padding: Int = 0
  ) throws(ImportError) -> Int {
    let window = Window(
      size: Extent(size), stride: Extent(stride),
      padding: padding == 0 ? .valid : .explicit(top: padding, left: padding, bottom: padding, right: padding))
    return try append(name, .averagePool(AveragePool(window: window, countsPadding: padding > 0)), [input])
  }

  mutating func globalPool(_ input: Int, keepsDimensions: Bool = false) throws(ImportError) -> Int {
    let name = builder.graph.nodes[input].name + ".pool"
    return try append(name, .globalPool(GlobalPool(.average, keepsDimensions: keepsDimensions)), [input])
  }

  mutating func sum(_ name: String, _ first: Int, _ second: Int) throws(ImportError) -> Int {
    try append(name, .add, [first, second])
  }

  mutating func concatenation(_ name: String, _ inputs: [Int]) throws(ImportError) -> Int {
    try append(name, .concatenate, inputs)
  }

  /// A node without weights.
  mutating func plain(_ name: String, _ operation: Operation, _ inputs: [Int]) throws(ImportError) -> Int {
    try append(name, operation, inputs)
  }

  // MARK: Compositions

  /// A convolution, its normalization and a function.
  mutating func unit(
    _ convolution: String, _ normalization: String, _ input: Int, _ function: Activation = .relu, stride: Int = 1,
    padding: Padding? = nil, sides: [Int]? = nil
  ) throws(ImportError) -> Int {
    let sums = try self.convolution(convolution, input, stride: stride, padding: padding, sides: sides)
    return try activation(function, try self.normalization(normalization, sums))
  }

  /// Squeeze-and-excite (Hu et al. 2017): each channel times a factor that all channels' means decide.
  mutating func squeezeExcite(
    _ first: String, _ second: String, _ input: Int, _ inner: Activation, _ gate: Activation
  ) throws(ImportError) -> Int {
    let squeezed = try activation(inner, try convolution(first, try globalPool(input, keepsDimensions: true)))
    let factors = try activation(gate, try convolution(second, squeezed))
    return try append(second + ".scale", .binary(.product), [input, factors])
  }

  // MARK: The graph

  private mutating func array(_ name: String) throws(ImportError) -> NamedArray {
    guard let array = weights.arrays[name] else { throw .array(name: name, reason: "is missing") }
    used.insert(name)
    if let (index, value) = try array.firstNonFinite() {
      throw .array(name: name, reason: "value \(index) is \(value), expected finite numbers")
    }
    return array
  }

  private mutating func append(
    _ name: String, _ operation: Operation, _ inputs: [Int], _ arrays: [NamedArray] = []
  ) throws(ImportError) -> Int {
    var unique = name
    var count = 1
    while !names.insert(unique).inserted {
      count += 1
      unique = "\(name)_\(count)"
    }
    var remaining = arrays[...]
    do {
      return try builder.append(unique, operation, inputs) { role, dimensions in
        guard let array = remaining.popFirst() else { throw ImportError.weights(layer: name, reason: "has no \(role)") }
        return try array.tensor(named: "\(unique)/\(role)", dimensions: dimensions)
      }
    } catch let error as ImportError {
      throw error
    } catch let error as GraphError {
      throw .layer(name: name, reason: error.reason)
    } catch {
      throw .layer(name: name, reason: "\(error)")
    }
  }

  // MARK: The end

  private func unusedNames(_ family: any TorchFamily) -> [String] {
    weights.arrays.keys.filter { name in
      !used.contains(name) && !family.ignored.contains { name.hasPrefix($0) }
    }.sorted()
  }

  /// Names that no module asked for, as the end of a message: the ones most like the missing name come first.
  func leftOver(_ family: any TorchFamily, after error: ImportError) -> String {
    var names = unusedNames(family)
    if case .array(let missing, _) = error {
      let alike = { (name: String) in zip(name, missing).prefix { $0 == $1 }.count }
      names.sort { (-alike($0), $0) < (-alike($1), $1) }
    }
    if names.isEmpty { return "" }
    return "; not used so far: "
      + names.prefix(5).map { name in
        "\"\(name)\" \(weights.dimensions(of: name) ?? [])"
      }.joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }

  func finished(
    _ output: Int, _ recognition: TorchRecognition, _ configuration: TorchConfiguration, size: Extent
  ) throws(ImportError) -> ForeignModel {
    let family = recognition.family
    guard unusedNames(family).isEmpty else { throw .model(reason: "weights are left over") }
    do throws(GraphError) {
      let graph = builder.graph.keepingOnly(output)
      try graph.validate()
      let name = recognition.variant?.name ?? family.name
      var model = ForeignModel(graph: graph, architecture: name)
      model.labels = configuration.labels
      model.notes = [recognition.note].compactMap(\.self) + weights.notes + notes
      if let stated = configuration.preprocessing(size: size) {
        model.preprocessing = .stated(stated)
      } else {
        let usual = family.preprocessing(side: max(size.height, size.width), of: weights)
        let isUsualSize = size == Extent(variant?.side ?? family.side)
        model.preprocessing = .recognized(isUsualSize ? variant?.changed(usual) ?? usual : usual, network: name)
      }
      return model
    } catch {
      throw .model(reason: error.description)
    }
  }
}
