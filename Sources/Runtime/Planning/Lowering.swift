import Kernels
import ModelGraph

/// Turns a graph into steps, values and packing jobs, node by node.
struct Lowering {
  /// A value as the steps see it.
  struct Value {
    var shape: Shape
    /// Another value whose memory this one takes over, because it is computed in place.
    var root: Int
    /// Where its channels begin among those that its root's memory has room for, a whole number of column panels.
    var firstChannel = 0
    /// The zero pixels before and after a row that windows reach.
    var left = 0
    var right = 0
    /// Whether the sums of each row follow it in memory.
    var hasRowSums = false
    var element: MapElementType
    /// Whether its channels are left unpadded.
    var isTight = false
    /// The tensor with a constant's values, which are among the weights and never overwritten.
    var constant: Int?
    /// For a root: the last node that reads any value in this memory.
    var lastReader: Int?
  }

  /// The node that a step implements, or a part of it.
  struct Note {
    var name: String
    var multiplyAdds: Int
  }

  let graph: Graph
  let kernels: any KernelSet.Type
  let options: PlanOptions
  let precision: Precision
  /// Whether products of bf16 numbers are faster than those of fp32 numbers.
  let multipliesBFloat16: Bool
  var steps: [Step] = []
  private(set) var notes: [Note] = []
  var values: [Value] = []
  var weights: WeightLayout
  /// The value of each node that was lowered.
  var valueOfNode: [Int] = []
  /// For nodes whose products only their reader computes, as it reads them: the value of one pixel that the node's
  /// value is to be multiplied by.
  var scaleOfNode: [Int: Int] = [:]
  /// For nodes that only an average pool computes, as it reads them.
  var normalizationOfNode: [Int: PoolStep.Normalization] = [:]
  let consumers: [[Int]]
  let elements: MapElementTypes
  let positiveNodes: [Bool]
  var node = 0

  init(
    _ graph: Graph, kernels: any KernelSet.Type, precision: Precision, multipliesBFloat16: Bool, options: PlanOptions
  ) {
    self.options = options
    self.precision = precision
    self.multipliesBFloat16 = multipliesBFloat16
    elements = MapElementTypes(of: graph, precision: precision)
    self.graph = graph
    self.kernels = kernels
    weights = WeightLayout(kernels: kernels)
    consumers = graph.consumers
    positiveNodes = graph.positiveNodes
  }

  mutating func lowerAll() {
    let (features, map) = (graph.featureNode, graph.lastMap)
    for index in graph.nodes.indices {
      node = index
      valueOfNode.append(lower(graph.nodes[index]))
      let root = values[valueOfNode[index]].root
      values[root].lastReader = max(values[root].lastReader ?? index, consumers[index].last ?? index)
      // Copied at once, as a later step may overwrite it.
      if index == features { note(.result(map: valueOfNode[index], .features), multiplyAdds: 0) }
      if index == map { note(.result(map: valueOfNode[index], .map), multiplyAdds: 0) }
    }
    note(.result(map: valueOfNode[valueOfNode.count - 1], .output), multiplyAdds: 0)
    gatherSiblings()
  }

  /// Puts the steps in another order.
  mutating func reorder(_ order: [Int]) {
    steps = order.map { steps[$0] }
    notes = order.map { notes[$0] }
  }

  private mutating func lower(_ node: Node) -> Int {
    let inputs = node.inputs.map { valueOfNode[$0] }
    switch node.operation {
    case .input: return lowerInput(node)
    case .convolution(let convolution): return lower(convolution, node, inputs)
    case .separableConvolution(let separable): return lower(separable, node, inputs)
    case .batchNormalization(let normalization): return lower(normalization, node, inputs[0])
    case .dense(let dense): return lower(dense, node, inputs[0])
    case .activation where limiter(of: node.inputs[0]) == self.node: return inputs[0]
    case .activation(let activation) where activation(0).isFinite:
      return activated(inputs[0], by: activation, inPlace: isLastUse(of: 0))
    case .softmax:
      let output = newValue(node.shape)
      return append(.softmax(from: inputs[0], to: output))
    case .add: return lowerSum(node, inputs)
    case .concatenate: return lowerConcatenation(node, inputs)
    case .maxPool(let window): return lower(window, .maximum, node, inputs[0])
    case .averagePool(let pool):
      return lower(pool.window, .average(countsPadding: pool.countsPadding), node, inputs[0])
    case .globalPool(let pool):
      let output = newValue(node.shape)
      if pool.kind == .average, values[inputs[0]].hasRowSums { return append(.mean(from: inputs[0], to: output)) }
      return append(.globalPool(from: inputs[0], to: output, pool.kind))
    case .flatten, .reshape: return lowerReshape(node, inputs[0])
    case .constant: return lowerConstant(node)
    case .binary(let binary): return lower(binary, node, inputs)
    case .pad(let pad): return lower(pad, node, inputs)
    case .slice(let slice): return append(.slice(from: inputs[0], to: newValue(node.shape), slice))
    case .parametricRelu: return lowerParametricRelu(node, inputs[0])
    default: return lowerRowwise(node, inputs)
    }
  }

  // MARK: Values and steps

  /// A value of the current node, with the node's element type unless another is given.
  mutating func newValue(_ shape: Shape, over root: Int? = nil, element: MapElementType? = nil) -> Int {
    values.append(
      Value(shape: shape, root: root.map { values[$0].root } ?? values.count, element: element ?? elements[node]))
    return values.count - 1
  }

  /// Appends a step of the current node and returns the value that it writes.
  @discardableResult
  mutating func append(_ step: Step, multiplyAdds: Int? = nil) -> Int {
    guard let value = step.writes else { preconditionFailure("\(step.kernel) writes no value") }
    note(step, multiplyAdds: multiplyAdds)
    return value
  }

  /// Appends a step of the current node, and records what it implements.
  private mutating func note(_ step: Step, multiplyAdds: Int?) {
    steps.append(step)
    notes.append(
      Note(name: graph.nodes[node].name, multiplyAdds: multiplyAdds ?? graph.multiplyAdds(of: graph.nodes[node])))
  }

  /// Whether the current node is the last to read its input at a position, and no other of its inputs is the same
  /// value.
  func isLastUse(of position: Int) -> Bool {
    let inputs = graph.nodes[node].inputs
    let root = values[valueOfNode[inputs[position]]].root
    guard values[root].lastReader == node, inputs[position] != 0, values[root].constant == nil else { return false }
    return inputs.indices.allSatisfy { $0 == position || values[valueOfNode[inputs[$0]]].root != root }
  }

  /// Asks for zero pixels beside a value's rows, as far as a window reaches over the edge.
  mutating func reserveBorder(of value: Int, left: Int, right: Int) {
    values[value].left = max(values[value].left, left)
    values[value].right = max(values[value].right, right)
  }

  mutating func reserveBorder(of value: Int, for window: PlacedWindow, outputWidth: Int) {
    let end = (outputWidth - 1) * window.strideAcross - window.left + window.reachAcross
    guard case .map(_, let width, _) = values[value].shape else { return }
    reserveBorder(of: value, left: window.left, right: max(0, end - width))
  }

  func place(_ window: Window, on value: Int) -> PlacedWindow {
    guard case .map(let height, let width, _) = values[value].shape,
      let placement = window.placement(on: Extent(height: height, width: width))
    else { preconditionFailure("a validated graph places its windows on maps") }
    return PlacedWindow(window, placement)
  }

  private mutating func lowerInput(_ node: Node) -> Int {
    let value = newValue(node.shape)
    // A gathering convolution reads an image as it is: padding 3 channels to a panel would take 10 times the memory.
    if case .map(_, _, let channels) = node.shape, channels < kernels.panelWidth {
      values[value].isTight = !consumers[0].isEmpty && consumers[0].allSatisfy { isGathering(graph.nodes[$0]) }
    }
    return append(.input(map: value))
  }

  // MARK: Simple operations

  private mutating func lower(_ window: Window, _ kind: PoolStep.Kind, _ node: Node, _ input: Int) -> Int {
    let limiter = limiter(of: self.node)
    let output = partOfConcatenation(limiter ?? self.node) ?? newValue(node.shape)
    var step = PoolStep(
      input: input, output: output, window: place(window, on: input), kind: kind,
      normalization: normalizationOfNode[node.inputs[0]])
    if let limiter, case .activation(let activation) = graph.nodes[limiter].operation { step.activation = activation }
    let normalized = step.normalization == nil ? 0 : graph.multiplyAdds(of: graph.nodes[node.inputs[0]])
    return append(.pool(step), multiplyAdds: normalized)
  }

  /// The activation that a pool applies to what it stores, or nil: the only reader of its value, where that is one of limits.
  private func limiter(of pool: Int) -> Int? {
    switch graph.nodes[pool].operation {
    case .maxPool, .averagePool: break
    default: return nil
    }
    guard consumers[pool].count == 1, pool != graph.featureNode, pool != graph.lastMap,
      case .activation(let activation) = graph.nodes[consumers[pool][0]].operation, activation.limits != nil
    else { return nil }
    return consumers[pool][0]
  }

  private mutating func lowerSum(_ node: Node, _ inputs: [Int]) -> Int {
    var sum = append(
      .add(from: inputs[0], and: inputs[1], to: newValue(node.shape, over: isLastUse(of: 0) ? inputs[0] : nil)))
    for input in inputs.dropFirst(2) {
      sum = append(.add(from: sum, and: input, to: newValue(node.shape, over: sum)), multiplyAdds: 0)
    }
    return sum
  }

  private mutating func lower(_ normalization: BatchNormalization, _ node: Node, _ input: Int) -> Int {
    let output = newValue(node.shape, over: isLastUse(of: 0) ? input : nil)
    let parameters = node.parameters.map { graph.tensors[$0] }
    let (scale, shift) = weights.addNormalization(normalization, parameters, channels: node.shape.channels)
    return append(.normalize(from: input, to: output, scale: scale, shift: shift))
  }

  private mutating func lower(_ dense: Dense, _ node: Node, _ input: Int) -> Int {
    let kernel = graph.tensors[node.parameters[0]]
    let bias = dense.hasBias ? graph.tensors[node.parameters[1]] : nil
    let shape = ProductShape(
      vectorArithmetic(for: kernel), taps: 1, channels: values[input].shape.channels, input: .float32, kernels: kernels)
    let step = ProductStep(
      input: input, output: newValue(node.shape), producer: .vector, inputActivation: .identity,
      shape: shape, panels: 0..<panelCount(dense.outputs), narrowPanel: narrowPanel(dense.outputs),
      singlePanel: singlePanel(dense.outputs),
      weights: weights.addColumns(kernel, shape, columns: dense.outputs),
      bias: weights.addBias(bias, count: dense.outputs), activation: dense.activation,
      blockTiles: 1)
    return append(.product(step))
  }

  // MARK: Arithmetic

  /// What a product with a kernel runs in, where its rows are made from a map.
  ///
  /// - Parameter copies: Whether the rows are the map's values unchanged; a map of floats has no bf16 words for them.
  func arithmetic(for kernel: Tensor, on element: MapElementType, copies: Bool) -> Arithmetic {
    switch precision {
    case .float32: float32Arithmetic(for: kernel)
    case .bfloat16 where !copies && isShort(kernel): .float32
    case .bfloat16 where copies && element == .float32: floatArithmetic(for: kernel)
    case .bfloat16 where multipliesBFloat16: .bfloat16
    case .bfloat16: options.bfloat16Products != false && paysInShorts(kernel) ? .int16 : .bfloat16Weights
    case .int8 where kernel.elementType == .int8 && sumsFit(kernel): .int8
    case .int8 where multipliesBFloat16 && (element == .bfloat16 || !copies): .bfloat16
    case .int8: floatArithmetic(for: kernel)
    }
  }

  /// For rows or weights that bf16 or a byte would be too coarse for.
  private func floatArithmetic(for kernel: Tensor) -> Arithmetic { paysInShorts(kernel) ? .int16 : .float32 }

  /// Whether integers of 11 to 15 bits with a scale for each row, whose error is like that of bf16 or less, are faster than
  /// floats, and there are enough columns to make up for finding the integers of a row.
  private func paysInShorts(_ kernel: Tensor) -> Bool {
    let columns = kernel.dimensions[kernel.dimensions.count - 1]
    let rows = kernel.elementCount / columns
    return options.multipliesShorts && kernels.shortRate > 1 && rows <= 2_048 && columns >= 20 + 640 / rows
  }

  /// Whether rows are so short that bf16 plans multiply them as they are.
  private func isShort(_ kernel: Tensor) -> Bool {
    kernel.elementCount / kernel.dimensions[kernel.dimensions.count - 1] <= options.shortRowChannels
  }

  /// Whether a sum of products of bytes, one side shifted to at most 255, always fits in 32 bits.
  func sumsFit(_ kernel: Tensor) -> Bool {
    kernel.elementCount / kernel.dimensions[kernel.dimensions.count - 1] <= Int(Int32.max) / (255 * 127)
  }

  /// What the product of a vector runs in: the weights are read once, so only their size counts.
  private func vectorArithmetic(for kernel: Tensor) -> Arithmetic {
    switch precision {
    case .float32: float32Arithmetic(for: kernel)
    case .bfloat16: .bfloat16Weights
    case .int8: kernel.elementType == .int8 ? .int8Weights : .float32
    }
  }

  private func float32Arithmetic(for kernel: Tensor) -> Arithmetic {
    options.keepsBFloat16Weights && kernel.elementType == .bfloat16 && kernel.scale == nil ? .bfloat16Weights : .float32
  }

  // MARK: Activations

  /// A value with an activation applied by a step of its own.
  mutating func activated(_ value: Int, by activation: Activation, inPlace: Bool) -> Int {
    guard activation != .identity else { return value }
    let output = newValue(values[value].shape, over: inPlace ? value : nil, element: values[value].element)
    return append(.activate(from: value, to: output, activation), multiplyAdds: 0)
  }

  func panelCount(_ columns: Int) -> Int { (columns + kernels.panelWidth - 1) / kernels.panelWidth }

  /// The column panel whose last half vector is padding, where there is one.
  func narrowPanel(_ columns: Int) -> Int? {
    let last = panelCount(columns) - 1
    return 2 * (columns - last * kernels.panelWidth) <= 3 * kernels.vectorWidth ? last : nil
  }

  /// The column panel whose last vector is padding, where there is one.
  func singlePanel(_ columns: Int) -> Int? {
    let last = panelCount(columns) - 1
    return columns - last * kernels.panelWidth <= kernels.vectorWidth ? last : nil
  }
}
