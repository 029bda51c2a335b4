import Kernels
import ModelGraph

@testable import Reference
@testable import Runtime

/// What a plan of a precision computes, in plain loops: every value that it stores in bf16 is rounded, products take rounded
/// or quantized weights, and rows are quantized as `QuantizeRun` says.
///
/// Sums are exact (in `Double` or `Int`), so where all sums of floats are exact too, a plan must give the same bits.
struct PlannedReference {
  let graph: Graph
  let precision: Precision
  /// Whether the instruction set multiplies and adds with one rounding: all but the portable one.
  let isFused: Bool
  let multipliesBFloat16: Bool
  /// See `PlanOptions.shortRowChannels`.
  let shortRows: Int
  /// Says which products are of 16-bit integers, where there are any.
  private let lowering: Lowering?
  private let elements: MapElementTypes
  private let weights: [[Float]]

  /// - Parameter shorts: The kernels and options of a plan that multiplies 16-bit integers.
  init(
    _ graph: Graph, _ precision: Precision, isFused: Bool = true, multipliesBFloat16: Bool = false, shortRows: Int = 0,
    shorts: (kernels: any KernelSet.Type, options: PlanOptions)? = nil
  ) throws {
    lowering = shorts.map {
      Lowering(graph, kernels: $0.kernels, precision: precision, multipliesBFloat16: false, options: $0.options)
    }
    self.graph = graph
    self.shortRows = shortRows
    self.precision = precision
    self.multipliesBFloat16 = multipliesBFloat16
    self.isFused = isFused
    elements = MapElementTypes(of: graph, precision: precision)
    weights = try graph.tensors.map { try $0.values() }
  }

  func run(_ input: [Float]) throws -> [Float] {
    var values = [input]
    for index in graph.nodes.indices.dropFirst() { values.append(try value(of: index, values)) }
    return values[values.count - 1]
  }

  private func value(of index: Int, _ values: [[Float]]) throws -> [Float] {
    let node = graph.nodes[index]
    let inputs = node.inputs.map { values[$0] }
    let shapes = node.inputs.map { graph.nodes[$0].shape }
    let shape = shapes.first ?? node.shape
    let weights = node.parameters.map { self.weights[$0] }
    switch node.operation {
    case .convolution(let convolution):
      return try value(of: convolution, index, inputs, shape, weights)
    case .separableConvolution(let separable): return try value(of: separable, index, inputs, shape, weights)
    case .dense(let dense):
      return ReferenceExecutor.dense(
        dense, inputs[0], weights: [rounded(weights[0], node.parameters[0])] + weights[1...])
    case .add:
      return inputs.dropFirst().reduce(inputs[0]) { sum, next in stored(zip(sum, next).map { $0 + $1 }, as: index) }
    default: return stored(ReferenceExecutor.value(of: node, inputs, shapes, weights: weights), as: index)
    }
  }

  // MARK: Convolutions

  private func value(
    of convolution: Convolution, _ index: Int, _ inputs: [[Float]], _ shape: Shape, _ weights: [[Float]]
  ) throws -> [Float] {
    let node = graph.nodes[index]
    let input = readable(inputs[0], convolution.inputActivation, of: node.inputs[0])
    var plain = convolution
    plain.inputActivation = .identity
    if convolution.isDepthwise(on: shape) {
      plain.epilogue = Epilogue()
      var result = ReferenceExecutor.convolution(plain, [input], shape, weights: weights)
      // A residual is added by a step of its own.
      if convolution.epilogue.addsResidual {
        result = stored(zip(stored(result, as: index), inputs[1]).map { $0 + $1 }, as: index)
      }
      return stored(ReferenceExecutor.activated(result, by: convolution.epilogue.activation), as: index)
    }
    let kernel = node.parameters[0]
    if precision == .int8, convolution.groups == 1, graph.tensors[kernel].elementType == .int8 {
      let rows = windows(of: plain.window, input, shape)
      return try product(
        of: quantized(rows, of: convolution, node, shape), kernel, bias: weights.dropFirst().first,
        convolution.epilogue,
        residual: inputs.dropFirst().first, index)
    }
    if convolution.groups == 1, multipliesShorts(kernel, on: node.inputs[0], copies: true) {
      return shortProduct(
        of: windows(of: plain.window, input, shape), kernel, bias: weights.dropFirst().first, convolution.epilogue,
        residual: inputs.dropFirst().first, index)
    }
    let multipliesBFloat16 = precision == .bfloat16 || precision == .int8 && self.multipliesBFloat16
    let isRounded =
      multipliesBFloat16 && convolution.groups == 1 && elements[node.inputs[0]] == .bfloat16
    plain.epilogue.activation = .identity
    let result = ReferenceExecutor.convolution(
      plain, [input] + inputs.dropFirst(), shape,
      weights: [isRounded ? weights[0].map(\.roundedToBFloat16) : weights[0]] + weights[1...])
    return activated(result, by: convolution.epilogue.activation, index)
  }

  private func value(
    of separable: SeparableConvolution, _ index: Int, _ inputs: [[Float]], _ shape: Shape, _ weights: [[Float]]
  ) throws -> [Float] {
    let node = graph.nodes[index]
    let input = readable(inputs[0], separable.inputActivation, of: node.inputs[0])
    let count = separable.hasDepthwiseBias ? 2 : 1
    let depthwise = Convolution(
      window: separable.window, outputChannels: shape.channels, groups: shape.channels,
      hasBias: separable.hasDepthwiseBias)
    // A depthwise convolution of one channel has one group.
    var middle = ReferenceExecutor.convolution(depthwise, [input], shape, weights: Array(weights[..<count]))
    let isInteger = precision == .int8 && graph.tensors[node.parameters[count]].elementType == .int8
    let isShort = precision == .bfloat16 && shape.channels <= shortRows
    let packs = multipliesBFloat16 && !isShort && !isInteger
    middle = ReferenceExecutor.activated(middle, by: separable.middleActivation)
    if packs { middle = middle.map(\.roundedToBFloat16) }
    let kernel = node.parameters[count]
    let bias = separable.hasBias ? weights[count + 1] : nil
    let rows = stride(from: 0, to: middle.count, by: shape.channels).map { Array(middle[$0..<$0 + shape.channels]) }
    if isInteger {
      return try product(
        of: rows.map { quantized($0) }, kernel, bias: bias, separable.epilogue, residual: inputs.dropFirst().first,
        index)
    }
    if multipliesShorts(kernel, on: node.inputs[0], copies: false) {
      return shortProduct(
        of: rows, kernel, bias: bias, separable.epilogue, residual: inputs.dropFirst().first, index)
    }
    let extent = ReferenceWindow(separable.window, on: shape.extent).placement.output
    var epilogue = separable.epilogue
    epilogue.activation = .identity
    let pointwise = Convolution(
      window: Window(size: Extent(1)), outputChannels: separable.outputChannels, hasBias: separable.hasBias,
      epilogue: epilogue)
    let isRounded = packs || precision == .bfloat16 && !isShort
    let result = ReferenceExecutor.convolution(
      pointwise, [middle] + inputs.dropFirst(),
      .map(height: extent.height, width: extent.width, channels: shape.channels),
      weights: [isRounded ? weights[count].map(\.roundedToBFloat16) : weights[count]] + (bias.map { [$0] } ?? []))
    return activated(result, by: separable.epilogue.activation, index)
  }

  /// All that each window covers, tap by tap, zeros for padding.
  private func windows(of window: Window, _ input: [Float], _ shape: Shape) -> [[Float]] {
    let positions = ReferenceWindow(window, on: shape.extent)
    var rows: [[Float]] = []
    positions.forEachPosition { _, taps in
      var row = [Float](repeating: 0, count: window.size.height * window.size.width * shape.channels)
      for tap in taps {
        for channel in 0..<shape.channels {
          row[tap.index * shape.channels + channel] = input[tap.source * shape.channels + channel]
        }
      }
      rows.append(row)
    }
    return rows
  }

  /// The windows of a convolution as integers, with one scale for all of a band where windows overlap.
  private func quantized(
    _ rows: [[Float]], of convolution: Convolution, _ node: Node, _ shape: Shape
  ) -> [(values: [Int], scale: Float)] {
    let isPositive = convolution.inputActivation == .identity && graph.positiveNodes[node.inputs[0]]
    let placement = ReferenceWindow(convolution.window, on: shape.extent).placement
    let (height, width) = (placement.output.height, placement.output.width)
    guard elements[node.inputs[0]] == .bfloat16, convolution.inputActivation != .relu,
      let bands = RowBands(PlacedWindow(convolution.window, placement), height: height, isPositive: isPositive)
    else { return rows.map { quantized($0) } }
    let limit = isPositive ? InstructionSet.portable.kernels.positiveLimit : 127
    return (0..<bands.count).flatMap { band in
      let outputs = bands.outputs(of: band)
      let band = rows[outputs.lowerBound * width..<outputs.upperBound * width]
      let top = band.lazy.joined().reduce(0 as UInt32) { max($0, $1.magnitude.bitPattern) }
      return band.map { quantized($0, top: top, limit: limit) }
    }
  }

  private func multipliesShorts(_ kernel: Int, on input: Int, copies: Bool) -> Bool {
    lowering?.arithmetic(for: graph.tensors[kernel], on: elements[input], copies: copies) == .int16
  }

  /// Rows and columns as 16-bit integers.
  private func shortProduct(
    of rows: [[Float]], _ kernel: Int, bias: [Float]?, _ epilogue: Epilogue, residual: [Float]?, _ index: Int
  ) -> [Float] {
    let (columns, depth) = (graph.nodes[index].shape.channels, rows[0].count)
    let limit = Float(lowering!.kernels.shortLimit(channels: depth))
    func short(_ values: [Float]) -> (values: [Int], scale: Float) {
      quantized(values, top: values.reduce(0 as UInt32) { max($0, $1.magnitude.bitPattern) }, limit: limit)
    }
    let weights = weights[kernel]
    let made = (0..<columns).map { column in short((0..<depth).map { weights[$0 * columns + column] }) }
    let integers = (0..<depth * columns).map { made[$0 % columns].values[$0 / columns] }
    return product(
      of: rows.map(short), integers, scales: made.map(\.scale), bias: bias, epilogue, residual: residual, index)
  }

  /// Quantized rows times the integers of a kernel.
  private func product(
    of rows: [(values: [Int], scale: Float)], _ kernel: Int, bias: [Float]?, _ epilogue: Epilogue, residual: [Float]?,
    _ index: Int
  ) throws -> [Float] {
    let tensor = graph.tensors[kernel]
    let integers = try unsafe tensor.contents.withBytes { bytes in unsafe bytes.map { Int(Int8(bitPattern: $0)) } }
    let scales = tensor.scale ?? [Float](repeating: 1, count: graph.nodes[index].shape.channels)
    return product(of: rows, integers, scales: scales, bias: bias, epilogue, residual: residual, index)
  }

  private func product(
    of rows: [(values: [Int], scale: Float)], _ integers: [Int], scales: [Float], bias: [Float]?, _ epilogue: Epilogue,
    residual: [Float]?, _ index: Int
  ) -> [Float] {
    let columns = scales.count
    var result: [Float] = []
    for (values, scale) in rows {
      var sums = [Int](repeating: 0, count: columns)
      for (index, value) in values.enumerated() where value != 0 {
        for column in 0..<columns { sums[column] += value * integers[index * columns + column] }
      }
      for column in 0..<columns {
        let factor = scale * scales[column]
        let sum = Float(sums[column])
        let start = bias?[column] ?? 0
        var value = isFused ? start.addingProduct(sum, factor) : start + sum * factor
        if let residual { value += residual[result.count] }
        result.append(value)
      }
    }
    return activated(result, by: epilogue.activation, index)
  }

  /// A row as integers of -127 to 127 and their scale.
  func quantized(_ row: [Float]) -> (values: [Int], scale: Float) {
    quantized(row, top: row.reduce(0 as UInt32) { max($0, $1.magnitude.bitPattern) }, limit: 127)
  }

  /// - Parameters:
  ///   - top: The bits of the magnitude that becomes the limit.
  private func quantized(_ row: [Float], top: UInt32, limit: Float) -> (values: [Int], scale: Float) {
    let largest = Float(bitPattern: top)
    guard largest.isFinite else { return (row.map { _ in 0 }, .nan) }
    guard largest >= (limit > 127 ? 0x1p-111 : 0x1p-119) else { return (row.map { _ in 0 }, 0) }
    let up = limit / largest
    let shift: Float = 0x1.8p+23
    return (row.map { Int((isFused ? shift.addingProduct($0, up) : shift + $0 * up) - shift) }, largest / limit)
  }

  // MARK: What is stored

  /// A value read through an activation: any but ReLU is applied by a step of its own, which stores its result.
  private func readable(_ values: [Float], _ activation: Activation, of node: Int) -> [Float] {
    stored(ReferenceExecutor.activated(values, by: activation), as: node)
  }

  /// A product's result: activated, then rounded once.
  private func activated(_ values: [Float], by activation: Activation, _ node: Int) -> [Float] {
    stored(ReferenceExecutor.activated(values, by: activation), as: node)
  }

  private func stored(_ values: [Float], as node: Int) -> [Float] {
    elements[node] == .bfloat16 ? values.map(\.roundedToBFloat16) : values
  }

  private func rounded(_ weights: [Float], _ tensor: Int) -> [Float] {
    precision == .bfloat16 ? weights.map(\.roundedToBFloat16) : weights
  }
}

extension Float {
  /// The nearest bf16 value, of two equally near ones the even.
  var roundedToBFloat16: Float {
    guard isFinite else { return self }
    return Float(bitPattern: (bitPattern &+ 0x7fff &+ (bitPattern >> 16 & 1)) & 0xffff_0000)
  }
}
