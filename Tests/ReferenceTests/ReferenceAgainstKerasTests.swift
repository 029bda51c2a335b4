import Architectures
import ModelGraph
import Reference
import TestSupport
import Testing

/// Keras computed the expected values in double precision, so what remains is the rounding of the results, and of the values
/// between the two halves of a separable convolution: 2^-22 of the value, or of 1 where it is smaller. TensorFlow's tangent in
/// double precision is no nearer either, and GELU multiplies it by half of its argument; the weights with which it resizes are in
/// single precision.
private func isClose(_ found: Float, _ expected: Float, _ operation: ModelGraph.Operation? = nil) -> Bool {
  let isCoarse: Bool
  switch operation {
  case .activation(.geluTanh), .resize: isCoarse = true
  default: isCoarse = false
  }
  return abs(found - expected) <= (isCoarse ? 4 : 1) * 0x1p-22 * max(1, abs(expected))
}

@Suite("The reference executor against Keras")
struct ReferenceAgainstKerasTests {
  @Test func `Every operation gives Keras's values on random shapes`() throws {
    var tested: [String: Int] = [:]
    for (index, fixture) in try KerasFixture.all().enumerated() {
      guard let operation = fixture.graphOperation else { continue }
      let (graph, input) = try Self.graph(of: operation, fixture)
      #expect(graph.outputShape.dimensions == fixture.output.dimensions, "case \(index), \(operation)")
      let output = try ReferenceExecutor(graph).run(input)
      #expect(
        zip(output, fixture.output.floats).allSatisfy { isClose($0, $1, operation) }, "case \(index), \(operation)")
      tested[fixture.operation, default: 0] += 1
    }
    #expect(
      tested == [
        "convolution": 40, "separable convolution": 15, "batch normalization": 8, "dense": 4, "max pool": 10,
        "average pool": 13, "activation": 38, "softmax": 2, "global average pool": 1, "flatten": 1, "add": 2,
        "concatenate": 3, "binary": 21, "global pool": 4, "reshape": 2, "pad": 1, "slice": 1, "resize": 10,
        "layer normalization": 2, "unit normalization": 2, "parametric relu": 2,
      ])
  }

  @Test(arguments: OperationSample.all) func `Every operation gives a framework's values`(sample: OperationSample)
    throws
  {
    guard let example = sample.example else {
      let name = sample.operation.name.replacing("grouped convolution", with: "convolution")
      #expect(try KerasFixture.all().contains { $0.graphOperation?.name == name })
      return
    }
    var builder = GraphBuilder()
    try builder.append("input", .input(example.input))
    var weights = example.weights[...]
    try builder.append("node", example.operation, [0]) { role, dimensions in
      Tensor(name: role.rawValue, dimensions: dimensions, values: weights.removeFirst())
    }
    let output = try ReferenceExecutor(builder.graph).run(example.values)
    #expect(output.count == example.output.count && zip(output, example.output).allSatisfy { isClose($0, $1) })
  }

  /// A graph of one operation; several inputs of it are cut out of the graph's only one.
  private static func graph(of operation: Operation, _ fixture: KerasFixture) throws -> (Graph, [Float]) {
    var builder = GraphBuilder()
    var sources = [0]
    var input = fixture.inputs[0].floats
    if fixture.inputs.count == 1 {
      try builder.append("input", .input(try #require(Shape(dimensions: fixture.inputs[0].dimensions))))
    } else {
      (sources, input) = try appendInputs(fixture.inputs, to: &builder)
    }
    var weights = fixture.weights[...]
    try builder.append("node", operation, sources) { role, dimensions in
      Tensor(name: role.rawValue, dimensions: dimensions, values: weights.removeFirst().floats)
    }
    return (builder.graph, input)
  }

  /// One map that holds all inputs side by side in its channels, from its top left corner, and the convolutions that copy
  /// each of them out of it: VALID windows as large as what is cut off, with a 1 in the corner.
  private static func appendInputs(
    _ inputs: [KerasFixture.Array], to builder: inout GraphBuilder
  ) throws -> (sources: [Int], values: [Float]) {
    let extents = inputs.map { $0.dimensions.count == 3 ? $0.dimensions : [1, 1, $0.dimensions[0]] }
    let height = extents.map { $0[0] }.max()!
    let width = extents.map { $0[1] }.max()!
    let channels = extents.reduce(0) { $0 + $1[2] }
    var values = [Float](repeating: 0, count: height * width * channels)
    var sources: [Int] = []
    var start = 0
    try builder.append("input", .input(.map(height: height, width: width, channels: channels)))
    for (index, extent) in extents.enumerated() {
      for (offset, value) in inputs[index].floats.enumerated() {
        let (y, x, channel) = (offset / extent[2] / extent[1], offset / extent[2] % extent[1], offset % extent[2])
        values[(y * width + x) * channels + start + channel] = value
      }
      let size = Extent(height: height - extent[0] + 1, width: width - extent[1] + 1)
      let copy = Convolution(window: Window(size: size, padding: .valid), outputChannels: extent[2])
      let first = start
      var source = try builder.append("copy\(index)", .convolution(copy), [0]) { _, dimensions in
        var kernel = [Float](repeating: 0, count: dimensions.reduce(1, *))
        for channel in 0..<extent[2] { kernel[(first + channel) * extent[2] + channel] = 1 }
        return Tensor(name: "copy\(index)/kernel", dimensions: dimensions, values: kernel)
      }
      if inputs[index].dimensions.count == 1 { source = try builder.append("vector\(index)", .flatten, [source]) }
      sources.append(source)
      start += extent[2]
    }
    return (sources, values)
  }

  /// The weights are seeded by their place in Keras's `model.layers`, so a layer out of order, or a ReLU or a shortcut in the
  /// wrong place, shows. Forty layers round their values, each by 2^-24 of them.
  @Test func `A narrow Xception gives the values of keras.applications.Xception`() throws {
    var network = XceptionNetwork()
    network.input = .map(height: 96, width: 80, channels: 3)
    network.widthDivisor = 32
    network.top = .classifier(.init(classes: 10))
    var seed: UInt64 = 0
    let graph = try network.graph { node, role, dimensions in
      seed += 1
      let count = dimensions.reduce(1, *)
      let values = Metadata.Golden.input(seed: seed, count: count)
      let factor: Float = role == .kernel ? (3 / Float(count / dimensions[dimensions.count - 1])).squareRoot() : 0.5
      let offset: Float = role == .gamma || role == .variance ? 1 : 0
      return Tensor(name: "\(node)/\(role)", dimensions: dimensions, values: values.map { offset + factor * $0 })
    }
    let expected = try KerasFixture.all().filter { $0.operation == "xception" }.map(\.output.floats)
    let input = Metadata.Golden.input(seed: 0, count: graph.inputShape.elementCount)
    let values = try ReferenceExecutor(graph).values(
      for: input, of: [try #require(graph.featureNode), graph.nodes.count - 1])
    #expect(values.map(\.count) == [64, 10])
    for (found, expected) in zip(values, expected) {
      #expect(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 40 * 0x1p-24 * max(1, abs($1)) })
    }
  }
}
