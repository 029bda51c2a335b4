import Foundation
import ModelGraph
import Reference
import Runtime
import TestSupport
import Testing

@testable import Optimizer

@Suite struct QuantizerTests {
  /// A step of each kind, with at least `leastWeights` weights where it is to be quantized.
  private func graph() throws -> Graph {
    var weights = RandomWeights(seed: 3)
    var builder = GraphBuilder()
    func append(_ name: String, _ operation: ModelGraph.Operation) throws {
      let inputs = builder.graph.nodes.isEmpty ? [] : [builder.graph.nodes.count - 1]
      try builder.append(name, operation, inputs) { role, dimensions in weights.tensor(name, role, dimensions) }
    }
    let window = Window(size: Extent(3))
    try append("input", .input(.map(height: 4, width: 4, channels: 8)))
    try append("small", .convolution(Convolution(window: window, outputChannels: 64, hasBias: true)))
    try append(
      "separable", .separableConvolution(SeparableConvolution(window: window, outputChannels: 64, hasBias: true)))
    try append("large", .convolution(Convolution(window: window, outputChannels: 64, hasBias: true)))
    try append("pointwise", .pointwise(64))
    try append("tiny", .pointwise(63))
    try append("grouped", .convolution(Convolution(window: window, outputChannels: 4095, groups: 3)))
    try append("depthwise", .depthwise(4095))
    try append("pool", .globalPool(GlobalPool(.average)))
    try append("dense", .dense(Dense(outputs: 5)))
    return builder.graph
  }

  @Test func `Each kind of weight gets its type, and a second time changes nothing`() throws {
    let (quantized, changes) = try Quantizer.quantize(try graph())
    let types = Dictionary(uniqueKeysWithValues: quantized.tensors.map { ($0.name, $0.elementType) })
    let coarse: [String: ElementType] = [
      "small/kernel": .float16, "grouped/kernel": .float16, "separable/depthwise kernel": .float16,
      "separable/pointwise kernel": .int8, "large/kernel": .int8,
      "pointwise/kernel": .int8, "tiny/kernel": .float16,
      "depthwise/kernel": .float16, "dense/kernel": .int8,
    ]
    for (name, type) in types { #expect(type == coarse[name] ?? .float32, "\(name)") }
    #expect(Set(changes.map(\.name)) == Set(coarse.keys))
    #expect(quantized.precision == .int8)
    try quantized.validate()
    let again = try Quantizer.quantize(quantized)
    #expect(again.tensors.isEmpty)
    #expect(try again.graph.tensors.map { try $0.values() } == quantized.tensors.map { try $0.values() })
  }

  @Test func `In a large network the smallest kernels of separable convolutions stay finer`() throws {
    var weights = RandomWeights(seed: 3)
    var builder = GraphBuilder()
    let operations: [(String, ModelGraph.Operation)] = [
      ("input", .input(.map(height: 4, width: 4, channels: 8))),
      ("first", .separableConvolution(SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 16))),
      ("second", .separableConvolution(SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 64))),
      ("pool", .globalPool(GlobalPool(.average))), ("dense", .dense(Dense(outputs: 2000))),
    ]
    for (index, (name, operation)) in operations.enumerated() {
      try builder.append(name, operation, index == 0 ? [] : [index - 1]) { weights.tensor(name, $0, $1) }
    }
    for (precision, type) in [(Precision.int8, ElementType.int8), (.bfloat16, .bfloat16)] {
      let quantized = try Quantizer.quantize(builder.graph, to: precision).graph
      let types = Dictionary(uniqueKeysWithValues: quantized.tensors.map { ($0.name, $0.elementType) })
      #expect(types["first/pointwise kernel"] == .float16)
      #expect(types["second/pointwise kernel"] == type)
    }
  }

  @Test func `In bf16 the same weights become bf16, those of other steps binary16, and a second time changes nothing`()
    throws
  {
    let graph = try graph()
    let (quantized, changes) = try Quantizer.quantize(graph, to: .bfloat16)
    let integers = try Quantizer.quantize(graph).graph
    for (coarse, integer) in zip(quantized.tensors, integers.tensors) {
      #expect(coarse.elementType == (integer.elementType == .int8 ? .bfloat16 : integer.elementType), "\(coarse.name)")
    }
    #expect(quantized.precision == .bfloat16)
    for change in changes { #expect(change.signalToNoise > (change.newType == .bfloat16 ? 50 : 70), "\(change.name)") }
    #expect(try Quantizer.quantize(quantized, to: .bfloat16).tensors.isEmpty)
    #expect(try Quantizer.quantize(graph, to: .float32).tensors.isEmpty)
  }

  @Test func `A factor that was folded in is rounded once, with the weight, to bf16`() throws {
    var graph = try dense([1, 2, 3, 4, 5, 6])
    graph.tensors[0].scale = [1.001, 1]
    let quantized = try Quantizer.quantize(graph, to: .bfloat16).graph.tensors[0]
    #expect(quantized.elementType == .bfloat16 && quantized.scale == nil)
    #expect(try quantized.values() == [1, 2, 3, 4, 5, 6])
    graph.tensors[0].scale = [1.004, 1]
    #expect(
      try Quantizer.quantize(graph, to: .bfloat16).graph.tensors[0].values() == [1.0078125, 2, 3.015625, 4, 5.03125, 6])
  }

  @Test func `Integers are not rounded to bf16, and bf16 becomes integers`() throws {
    let integers = try Quantizer.quantize(graph()).graph
    #expect(try Quantizer.quantize(integers, to: .bfloat16).tensors.isEmpty)
    let halves = try Quantizer.quantize(graph(), to: .bfloat16).graph
    #expect(try Quantizer.quantize(halves).graph.tensors.map(\.elementType) == integers.tensors.map(\.elementType))
  }

  @Test func `Its output is near that of the floats`() throws {
    let graph = try graph()
    var weights = RandomWeights(seed: 4)
    let input = weights.input(count: graph.inputShape.elementCount)
    let expected = try ReferenceExecutor(graph).run(input)
    let output = try ReferenceExecutor(Quantizer.quantize(graph).graph).run(input)
    let largest = expected.map(\.magnitude).max() ?? 0
    for (a, b) in zip(output, expected) { #expect(abs(a - b) < 0.02 * largest) }
    #expect(output != expected)
  }

  @Test func `Integers, scales and the signal-to-noise ratio are those of plain loops`() throws {
    var weights = RandomWeights(seed: 5)
    let (rows, columns) = (37, 13)
    let values = weights.input(count: rows * columns)
    let quantized = QuantizedColumns(values, columns: columns)
    var (signal, noise) = (0.0, 0.0)
    for column in 0..<columns {
      let own = stride(from: column, to: values.count, by: columns)
      let scale = (own.map { values[$0].magnitude }.max() ?? 0) / 127
      #expect(quantized.scales[column] == scale)
      for index in own {
        let exact = Double(values[index]) / Double(scale)
        let integer = Int8(bitPattern: quantized.bytes[index])
        #expect(abs(Double(integer) - exact) < 0.5001 && integer >= -127)
        signal += Double(values[index]) * Double(values[index])
        let error = Double(values[index]) - Double(integer) * Double(scale)
        noise += error * error
      }
      #expect(own.contains { quantized.bytes[$0] == 127 || quantized.bytes[$0] == 129 })
    }
    #expect(abs(quantized.signalToNoise - ratio(signal, noise)) < 0.01)
  }

  @Test func `Halves round to the even integer`() {
    let quantized = QuantizedColumns([127, 0.5, 1.5, -0.5, -1.5, 2.5, 126.5, -127], columns: 1)
    #expect(quantized.scales == [1])
    #expect(quantized.bytes.map(Int8.init(bitPattern:)) == [127, 0, 2, 0, -2, 2, 126, -127])
  }

  @Test func `A column of zeros or of next to nothing becomes zeros with the scale 1`() {
    let least = QuantizedColumns.leastMagnitude
    let tiny = Float.leastNonzeroMagnitude
    let quantized = QuantizedColumns([0, tiny, least, least.nextDown, 1e38, 0, -tiny, -least, 0, -3e38], columns: 5)
    #expect(quantized.scales == [1, 1, least / 127, 1, 3e38 / 127])
    #expect(quantized.bytes.map(Int8.init(bitPattern:)) == [0, 0, 127, 0, 42, 0, 0, -127, 0, -127])
    #expect(QuantizedColumns([0, 0], columns: 2).signalToNoise == .infinity)
  }

  @Test func `A factor that was folded in counts`() throws {
    var graph = try dense([1, 2, 3, 4, 5, 6])
    graph.tensors[0].scale = [10, -1]
    let quantized = try Quantizer.quantize(graph).graph.tensors[0]
    #expect(quantized.elementType == .int8)
    #expect(quantized.scale == [50.0 / 127, 6.0 / 127])
    for (a, b) in zip(try quantized.values(), [10, -2, 30, -4, 50, -6] as [Float]) { #expect(abs(a - b) < 0.2) }
  }

  @Test func `A kernel that binary16 cannot hold well stays as it is`() throws {
    func type(_ value: Float) throws -> ElementType {
      var small = try SmallGraph()
      try small.append("depthwise", .depthwise(2), ["kernel": [Float](repeating: value, count: 18)])
      return try Quantizer.quantize(small.graph).graph.tensors[0].elementType
    }
    #expect(try type(0.1) == .float16)
    #expect(try type(0) == .float16)
    #expect(try type(1e5) == .float32)
    #expect(try type(1.01e-6) == .float32)
  }

  @Test func `A tensor that is used in two ways stays as it is`() throws {
    var small = try SmallGraph(channels: 1)
    try small.append("convolution", .convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 4096)))
    try small.append("depthwise", .depthwise(4096))
    var graph = small.graph
    #expect(try Quantizer.quantize(graph).graph.tensors.map(\.elementType) == [.int8, .float16])
    graph.nodes[2].parameters = [0]
    graph.tensors.removeLast()
    try graph.validate()
    #expect(try Quantizer.quantize(graph).graph.tensors.map(\.elementType) == [.float32])
  }

  @Test(arguments: [Float.nan, .infinity]) func `A weight that is no finite number is refused`(value: Float) throws {
    let error = #expect(throws: GraphError.self) { try Quantizer.quantize(dense([1, 2, 3, value, 5, 6])) }
    #expect(error?.pass == "quantize" && error?.node == "dense")
    #expect(error?.reason.contains("weight 3") == true)
  }

  @Test func `Progress rises to 1`() throws {
    var parts: [Double] = []
    _ = try Quantizer.quantize(graph()) { parts.append($0) }
    #expect(parts == parts.sorted() && parts.last == 1)
  }

  private func dense(_ kernel: [Float]) throws -> Graph {
    var small = try SmallGraph(1, 1, channels: 3)
    try small.append("flatten", .flatten)
    try small.append("dense", .dense(Dense(outputs: 2, hasBias: false)), ["kernel": kernel])
    return small.graph
  }

  private func ratio(_ signal: Double, _ noise: Double) -> Double { 10 * log10(signal / noise) }
}
