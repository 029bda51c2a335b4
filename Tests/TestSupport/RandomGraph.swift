import ModelGraph

/// A small valid graph of random operations, shapes and weights, and inputs for it: equal for equal seeds.
///
/// It holds what a network may hold before optimization: every operation but the separable convolution and those that divide
/// by what they find (quotients, layer and unit normalization), with
/// branches that are joined again, values with several readers, biases present and absent, and all kinds of windows.
/// Maps have at most 9 x 9 x 28 values.
package struct RandomGraph {
  package let graph: Graph
  private var weights: RandomWeights

  /// - Parameters:
  ///   - steps: How many times a random operation, or a block of them, is appended before the top.
  ///   - values: With `.integers`, only operations whose results stay whole are used, and every sum that any order of
  ///     evaluation makes is below 2^24: results are exact.
  package init(seed: UInt64, steps: Int = 8, values: RandomWeights.Values = .floats) throws {
    var maker = try RandomGraphMaker(seed: seed, values: values)
    for _ in 0..<steps { try maker.appendStep() }
    try maker.appendTop()
    graph = maker.builder.graph
    try graph.validate()
    weights = maker.weights
  }

  /// The next random input.
  package mutating func input() -> [Float] { weights.input(count: graph.inputShape.elementCount) }
}

private struct RandomGraphMaker {
  var builder = GraphBuilder()
  var weights: RandomWeights
  private var random: SplitMix64
  private let isExact: Bool
  private var last: Int
  /// The largest absolute value that each node can have; followed only where values are whole.
  private var bounds: [Double]

  init(seed: UInt64, values: RandomWeights.Values) throws {
    random = SplitMix64(seed: seed)
    weights = RandomWeights(seed: ~seed, values: values)
    isExact = values == .integers
    let side = { (random: inout SplitMix64) in Int.random(in: 3...9, using: &random) }
    let shape = Shape.map(
      height: side(&random), width: side(&random), channels: [1, 3, 8].randomElement(using: &random)!)
    last = try builder.append("input", .input(shape))
    bounds = [3]
  }

  mutating func appendStep() throws {
    switch Int.random(in: 0..<13, using: &random) {
    case 0: try appendConvolution()
    case 1: try appendConvolution(stack: true)
    case 2: try appendSeparable()
    case 3: try appendNormalization()
    case 4: try appendActivation()
    case 5: try appendPool()
    case 6, 7: try appendResidual()
    case 8: try appendBranches()
    case 9: try appendMove()
    case 10: try appendGate()
    case 11: try appendPair()
    default: try appendShortcut()
    }
  }

  /// Nothing, or a pooled or flattened vector, or one with dense layers after it.
  mutating func appendTop() throws {
    if chance(4) { return }
    if isExact || chance(2) {
      try append("flatten", .flatten)
    } else {
      try append("global_pool", .globalPool(GlobalPool(.average)))
    }
    if chance(4) { return }
    for outputs in [5, 7] where chance(2) {
      try append("fc", .dense(Dense(outputs: outputs, hasBias: chance(2))))
      if chance(3) { try appendNormalization() }
      if chance(2) { try appendActivation() }
    }
    try append("predictions", .dense(Dense(outputs: 4)))
    if !isExact { try append("output", chance(2) ? .softmax : .activation(.sigmoid)) }
  }

  // MARK: Steps

  /// A convolution; as a stack, with a normalization and an activation after it.
  private mutating func appendConvolution(stack: Bool = false) throws {
    let channels = builder.shape(of: last).channels
    let divisors = [1, 2, 4, channels].filter { channels % $0 == 0 }
    let groups = divisors.randomElement(using: &random)!
    let outputs = groups * max(1, [channels, 4, 8, 12].randomElement(using: &random)! / groups)
    let window = window(pooling: false)
    try append(
      "conv", .convolution(Convolution(window: window, outputChannels: outputs, groups: groups, hasBias: chance(3))))
    guard stack else { return }
    try appendNormalization()
    try appendActivation()
  }

  private mutating func appendSeparable(keepingShape: Bool = false) throws {
    let channels = builder.shape(of: last).channels
    let window = keepingShape ? Window(size: Extent(3)) : window(pooling: false)
    try append(
      "depthwise",
      .convolution(
        Convolution(window: window, outputChannels: channels, groups: channels, hasBias: chance(4))))
    if chance(4) { try appendNormalization() }
    if chance(3) { try appendActivation() }
    let outputs = keepingShape ? channels : [4, 9, 16].randomElement(using: &random)!
    try append(
      "pointwise",
      .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: outputs, hasBias: chance(4))))
    if chance(2) { try appendNormalization() }
  }

  private mutating func appendNormalization() throws {
    let normalization = BatchNormalization(
      epsilon: isExact ? 0 : 0.001, hasGamma: !chance(4), hasBeta: !chance(4))
    try append("bn", .batchNormalization(normalization))
  }

  private mutating func appendActivation() throws {
    let whole: [Activation] = [.identity, .relu, .relu, .relu6]
    // No exponential, whose values leave the range, and neither root nor logarithm of what may be negative.
    let all =
      whole + [.elu(alpha: 1), .elu(alpha: 0.5), .sigmoid]
      + Activation.examples.filter { $0 != .exponential && $0.isDefinedBelowZero }.filter {
        // A jump would make an error of the last bit a large one.
        if case .threshold = $0 { false } else { true }
      }
    if !isExact, chance(10) { return try append("softmax", .softmax) }
    try append("act", .activation((isExact ? whole : all).randomElement(using: &random)!))
  }

  private mutating func appendPool() throws {
    let window = window(pooling: true)
    if isExact || chance(2) { return try append("max_pool", .maxPool(window)) }
    if chance(3) { try appendPointwise() }
    try append("average_pool", .averagePool(AveragePool(window: window, countsPadding: chance(2))))
    if chance(3) { try appendPointwise() }
  }

  private mutating func appendPointwise() throws {
    let outputs = [2, 9].randomElement(using: &random)!
    try append(
      "pointwise",
      .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: outputs, hasBias: chance(2))))
  }

  /// `x + f(x)`, at times with an activation before or after the sum, and at times a sum of three.
  private mutating func appendResidual() throws {
    if isExact { try clamp(last) }
    let start = last
    if chance(2) { try appendActivation() }
    for _ in 0...(chance(3) ? 1 : 0) { try appendSeparable(keepingShape: true) }
    if isExact, bounds[last] + 2 * bounds[start] >= 0x1p24 { try clamp(last) }
    var inputs = chance(2) ? [last, start] : [start, last]
    if chance(5) { inputs.append(start) }
    try append("add", .add, inputs)
    if chance(2) { try appendActivation() }
  }

  /// Two or three readers of one value, joined along their channels; only one branch where channels are many already.
  private mutating func appendBranches() throws {
    let start = last
    let channels = builder.shape(of: start).channels
    try append(
      "branch", .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 4, hasBias: chance(2))))
    try appendActivation()
    guard channels <= 12 else { return }
    let first = last
    last = start
    try append("branch", .maxPool(Window(size: Extent(3))))
    try append("concatenate", .concatenate, chance(2) ? [first, last] : [first, start, last])
  }

  /// A strided block with a 1x1 convolution as its shortcut, like Xception's.
  private mutating func appendShortcut() throws {
    if isExact { try clamp(last) }
    let start = last
    let outputs = [4, 8].randomElement(using: &random)!
    let channels = builder.shape(of: last).channels
    let spatial = Convolution(window: Window(size: Extent(3)), outputChannels: channels, groups: channels)
    try append("depthwise", .convolution(spatial))
    try append("pointwise", .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: outputs)))
    try appendNormalization()
    try append("max_pool", .maxPool(Window(size: Extent(3), stride: Extent(2))))
    let main = last
    last = start
    try append(
      "shortcut", .convolution(Convolution(window: Window(size: Extent(1), stride: Extent(2)), outputChannels: outputs))
    )
    try appendNormalization()
    try append("add", .add, [main, last])
  }

  /// What moves values, or repeats them.
  private mutating func appendMove() throws {
    let shape = builder.shape(of: last)
    guard case .map(let height, let width, let channels) = shape else { return }
    let moves: [Operation] = [
      .pad(Pad(top: chance(2) ? 1 : 0, left: 0, bottom: 0, right: 1, value: chance(2) ? 2 : 0)),
      .slice(
        Slice(
          rows: .init(first: 0, count: height), columns: .init(first: width / 2, count: width - width / 2),
          channels: .init(first: channels / 3, count: max(1, channels / 2)))),
      .shuffleChannels(groups: channels % 2 == 0 ? 2 : 1), .parametricRelu,
      .reshape(.map(height: width, width: height, channels: channels)),
      .resize(Resize(.size(Extent(height: 5, width: 4)), filter: isExact || chance(2) ? .nearest : .bilinear)),
      .transposedConvolution(
        TransposedConvolution(
          size: Extent(2), stride: Extent(1), padding: .init(top: 1, left: 0, bottom: 0, right: 1), outputChannels: 6,
          hasBias: chance(2))),
    ]
    let move = moves.randomElement(using: &random)!
    if case .pad = move, max(height, width) >= 9 { return }
    try append("move", move)
  }

  /// Channels scaled by what a dense layer, or a convolution of one position, makes of their means or their largest values
  /// (squeeze-and-excite); of whole numbers, their difference from a channel's largest value.
  private mutating func appendGate() throws {
    if isExact { try clamp(last) }
    guard case .map(_, _, let channels) = builder.shape(of: last) else { return }
    let start = last
    let keeps = chance(2)
    try append("squeeze", .globalPool(GlobalPool(isExact || chance(2) ? .maximum : .average, keepsDimensions: keeps)))
    if isExact {
      if chance(2) {
        try append("reshape", .reshape(keeps ? .vector(channels) : .map(height: 1, width: 1, channels: channels)))
      }
      return try append("difference", .binary(.difference), chance(2) ? [start, last] : [last, start])
    }
    if keeps {
      try append("excite", .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: channels)))
    } else {
      try append("excite", .dense(Dense(outputs: channels)))
      if chance(2) { try append("reshape", .reshape(.map(height: 1, width: 1, channels: channels))) }
    }
    try append("gate", .activation(chance(2) ? .sigmoid : .hardSigmoid(slope: 1 / 6, offset: 0.5)))
    try append("scale", .binary(.product), chance(2) ? [start, last] : [last, start])
  }

  /// A value and another of its shape, or a constant.
  private mutating func appendPair() throws {
    if isExact { try clamp(last) }
    let start = last
    let shape = builder.shape(of: last)
    let function = [Binary.sum, .difference, .maximum, .minimum].randomElement(using: &random)!
    if chance(2) {
      try append("constant", .constant(chance(2) ? shape : .vector(shape.channels)), [])
      return try append("pair", .binary(function), [start, last])
    }
    try appendActivation()
    try append("pair", .binary(function), [last, start])
  }

  // MARK: Parts

  /// True once in so many times.
  private mutating func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

  /// A window that fits the last map, with at most 9 positions a side.
  private mutating func window(pooling: Bool) -> Window {
    guard case .map(let height, let width, _) = builder.shape(of: last) else { return Window(size: Extent(1)) }
    while true {
      let size = Extent(height: Int.random(in: 1...3, using: &random), width: Int.random(in: 1...3, using: &random))
      let stride = Extent(height: chance(3) ? 2 : 1, width: chance(3) ? 2 : 1)
      let dilation = Extent(pooling || !chance(4) ? 1 : 2)
      let padding: Padding =
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .valid
        case 1:
          .explicit(
            top: Int.random(in: 0..<size.height, using: &random), left: Int.random(in: 0..<size.width, using: &random),
            bottom: Int.random(in: 0..<size.height, using: &random),
            right: Int.random(in: 0..<size.width, using: &random))
        default: .same
        }
      let window = Window(size: size, stride: stride, dilation: dilation, padding: padding)
      if let output = window.placement(on: Extent(height: height, width: width))?.output, output.height <= 9,
        output.width <= 9
      {
        return window
      }
    }
  }

  private mutating func append(_ name: String, _ operation: Operation, _ inputs: [Int]? = nil) throws {
    if isExact, bound(after: operation, of: inputs ?? [last]) >= 0x1p24 {
      guard inputs == nil else { throw GraphError(node: name, reason: "its sums are not exact") }
      try clamp(last)
    }
    let inputs = inputs ?? [last]
    bounds.append(bound(after: operation, of: inputs))
    let unique = "\(name)_\(builder.graph.nodes.count)"
    last = try builder.append(unique, operation, inputs) { role, dimensions in
      weights.tensor(unique, role, dimensions)
    }
  }

  private mutating func clamp(_ node: Int) throws {
    guard bounds[node] > 6 else { return }
    bounds.append(6)
    last = try builder.append("clamp_\(builder.graph.nodes.count)", .activation(.relu6), [node])
  }

  /// The largest absolute value that an operation's sums can reach with weights of at most 3.
  private func bound(after operation: Operation, of inputs: [Int]) -> Double {
    let largest = inputs.map { bounds[$0] }.max() ?? 0
    switch operation {
    case .convolution(let convolution):
      let terms = convolution.window.size.height * convolution.window.size.width * builder.shape(of: inputs[0]).channels
      return largest * 3 * Double(terms) + 3
    case .dense: return largest * 3 * Double(builder.shape(of: inputs[0]).elementCount) + 3
    case .batchNormalization: return largest + 6
    case .add, .binary(.sum), .binary(.difference): return inputs.reduce(0) { $0 + bounds[$1] }
    case .constant: return 3
    case .parametricRelu: return 3 * largest
    case .transposedConvolution(let convolution):
      let terms = convolution.size.height * convolution.size.width * builder.shape(of: inputs[0]).channels
      return largest * 3 * Double(terms) + 3
    case .activation(.relu6): return 6
    default: return largest
    }
  }
}
