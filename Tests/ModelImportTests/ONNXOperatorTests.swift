import Foundation
import ModelGraph
import Reference
import Testing

@testable import ModelImport

private func fixture(_ name: String) -> URL {
  Bundle.module.url(forResource: "Fixtures", withExtension: nil)!.appending(path: name)
}

private let expectedValues = try! JSONDecoder().decode(
  [String: [Float]].self, from: Data(contentsOf: fixture("operators.json")))

/// A model with an output for each operator, which `make_onnx_operators.py` made.
@Suite("Each operator of ONNX")
struct ONNXOperatorTests {
  @Test(arguments: expectedValues.keys.filter { $0 != "class" }.sorted())
  func `Gives what ONNX Runtime gives`(operator name: String) throws {
    let (translation, output) = try output(name)
    let expected = try #require(expectedValues[name])
    let places = translation.output.memoryOffsets
    try #require(places.count == expected.count && output.count == expected.count)
    for (place, value) in zip(places, expected) {
      #expect((output[place] - value).magnitude <= 1e-5 * max(1, value.magnitude))
    }
  }

  @Test(arguments: [
    ("Expand", "repeats a value of [1, 4, 1, 1] to [1, 4, 3, 2]"), ("Gather", "reads the indices [2, 0] of 4"),
    ("Slice", "takes values in steps of -2"),
    ("Pad", "pads the dimensions [1] of a value of [1, 4, 5, 4] by \"reflect\""),
    ("Resize", "by \"cubic\" with the centers \"half_pixel\""), ("Pow", "raises to the power 5"),
    ("Resize_policy", "resizes with the policy \"not_larger\", expected \"stretch\""),
    ("BatchNormalization", "is in training mode"),
    ("DequantizeLinear", "has the scale 0.04 and the zero point 9, expected 0.02 and 9"),
    ("QuantizeLinear", "computes with the integers of a QuantizeLinear, expected a DequantizeLinear"),
  ])
  func `Is refused in a form that cannot be expressed`(operator name: String, reason: String) {
    let error = #expect(throws: ImportError.self) { try output("refused_" + name) }
    #expect("\(String(describing: error))".contains(reason), "\(String(describing: error))")
  }

  @Test(arguments: [
    ("mean", OutputValues.Finding.known(.classProbabilities)), ("clip", .known(.classProbabilities)),
    ("exponential", .known(.classProbabilities)), ("flat", .known(.labelProbabilities)),
    ("logarithm", .known(.classLogits)), ("behind", .known(.classLogits)), ("sum", .open(probabilities: "Softmax")),
    ("product", .open(probabilities: "Softmax")),
  ])
  func `Probabilities are known as such behind a mean, a clamp, a flattening`(
    head name: String, expected: OutputValues.Finding
  ) throws {
    switch (OutputValues(of: try output("head_" + name).0.graph).finding, expected) {
    case (.known(let found), .known(let expected)): #expect(found == expected)
    case (.open(let source), .open(let kind)): #expect(source.hasPrefix(kind))
    case (let found, _): Issue.record("\(found)")
    }
  }

  @Test func `As many nodes in a row as a network may have are gone through`() throws {
    let shape = Shape.vector(2)
    var graph = Graph(nodes: [Node(name: "input", operation: .input(shape), inputs: [], shape: shape)], tensors: [])
    graph.nodes.append(Node(name: "softmax", operation: .softmax, inputs: [0], shape: shape))
    for index in 1..<Limits.nodes - 1 {
      graph.nodes.append(Node(name: "relu", operation: .activation(.relu), inputs: [index], shape: shape))
    }
    #expect(OutputValues(of: graph).finding == .known(.classProbabilities))
  }

  @Test func `ArgMax is left out at the end, and refused where something is computed with the class`() throws {
    let (translation, scores) = try output("class")
    let index = Int(try #require(expectedValues["class"]?.first))
    #expect(scores.count == 4 && scores.max() == scores[index])
    #expect(translation.notes.contains { $0.contains("an ArgMax, is left out") })
    let error = #expect(throws: ImportError.self) { try output("next_class") }
    #expect("\(String(describing: error))".contains("an ArgMax may only be the last"))
  }

  @Test func `An output is chosen by its name, and one that is not there is refused with those that are`() throws {
    let file = try ForeignFile(path: fixture("operators.onnx").path, limit: 1 << 24)
    let model = try unsafe file.bytes.withUnsafeBytes { bytes throws(ImportError) in
      try unsafe ONNXMessages.read(bytes)
    }
    var arrays = ONNXArrays(file, limits: ImportLimits())
    let chosen = try ONNXTranslator.translate(model, arrays: &arrays, inputSize: nil, output: "Clip")
    #expect(chosen.graph.nodes.map(\.shape) == (try output("Clip")).0.graph.nodes.map(\.shape))
    #expect(!chosen.notes.contains { $0.contains("is used; the others are left out") })
    let error = #expect(throws: ImportError.self) {
      try ONNXTranslator.translate(model, arrays: &arrays, inputSize: nil, output: "nowhere")
    }
    #expect("\(String(describing: error))".contains("the model has no output \"nowhere\"; its outputs are \""))
  }

  @Test func `The least integer less its zero point does not overflow`() throws {
    let inputs: [ONNXValue] = [
      .constant(ONNXConstant(ints: [.min, 4])), .constant(ONNXConstant(dimensions: [], values: .floats([0.5]))),
      .constant(ONNXConstant(dimensions: [], values: .ints([1]))),
    ]
    let node = ONNXNode(operation: "DequantizeLinear", outputs: ["y"])
    let value = try ConstantFolding.dequantized(ONNXOperation(node: node, inputs: inputs, opset: 20)).floats()
    #expect(value == [-0x1p62, 1.5])
  }

  private func output(_ name: String) throws -> (ONNXTranslator.Translation, values: [Float]) {
    let file = try ForeignFile(path: fixture("operators.onnx").path, limit: 1 << 24)
    var model = try unsafe file.bytes.withUnsafeBytes { bytes throws(ImportError) in
      try unsafe ONNXMessages.read(bytes)
    }
    model.graph.outputs.removeAll { $0.name != name }
    var arrays = ONNXArrays(file, limits: ImportLimits())
    let translation = try ONNXTranslator.translate(model, arrays: &arrays, inputSize: nil)
    let input = Metadata.Golden.input(seed: 1, count: translation.graph.inputShape.elementCount)
    return (translation, try ReferenceExecutor(translation.graph).run(input))
  }
}
