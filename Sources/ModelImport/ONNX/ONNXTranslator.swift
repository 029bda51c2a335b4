import ModelGraph

/// Makes a graph from an ONNX model, node by node.
///
/// What depends only on constants and shapes is computed on the way. A node that cannot be translated is an error only
/// where the output needs its value.
struct ONNXTranslator {
  struct Translation {
    var graph: Graph
    /// How ONNX's input and output are arranged in the graph's.
    var input: DimensionLayout
    var output: DimensionLayout
    /// Notes for the user about what differs from the file.
    var notes: [String]
  }

  static let opsets = 7...28

  var builder = GraphBuilder()
  var notes: [String] = []
  /// The nodes of the file by the values that they make.
  let producers: [String: ONNXNode]
  private(set) var values: [String: ONNXValue] = [:]
  /// Reshapes and shuffles that are in the graph already.
  var arrangements: [Arrangement: Int] = [:]
  /// How the values that are integers in the file were quantized, by their names.
  var quantizations: [String: ONNXQuantization] = [:]
  /// The results of an `ArgMax`, which is left out.
  private var classIndices: Set<String> = []
  private var names: Set<String> = []
  private let opset: Int

  struct Arrangement: Hashable {
    var node: Int
    var operation: Operation
  }

  /// - Parameter inputSize: Replaces the size that the file states, or leaves open.
  static func translate(
    _ model: ONNXModel, arrays: inout ONNXArrays, inputSize: Extent?, output named: String? = nil
  ) throws(ImportError) -> Translation {
    guard let opset = model.opsets[""] else { throw .model(reason: "does not say which ONNX operations it uses") }
    guard opsets.contains(opset) else {
      throw .model(
        reason: "uses version \(opset) of ONNX's operations, expected \(opsets.lowerBound) to \(opsets.upperBound)"
          + "; onnx.version_converter can change it")
    }
    let output = try output(of: model.graph, named)
    var translator = try ONNXTranslator(model.graph, opset: opset)
    for tensor in model.graph.initializers {
      translator.values[tensor.name] = .constant(try ONNXConstant(try arrays.array(tensor)))
    }
    let input = try translator.appendInput(of: model.graph, size: inputSize)
    let order = try ONNXOrder(model.graph, known: Set(translator.values.keys)).nodes(for: output.name)
    for node in order { try translator.translate(node, &arrays) }
    if named == nil, model.graph.outputs.count > 1 {
      translator.notes.append(
        "the first output, \"\(output.name)\", is used; the others are left out (--output-layer names another)")
    }
    return try translator.finished(output, input: input)
  }

  /// The output of a name, or the first one.
  private static func output(of graph: ONNXGraph, _ name: String?) throws(ImportError) -> ONNXValueInfo {
    guard let first = graph.outputs.first else { throw .model(reason: "the graph has no output") }
    guard let name else { return first }
    guard let output = graph.outputs.first(where: { $0.name == name }) else {
      let names = graph.outputs.map { "\"\($0.name)\"" }.joined(separator: ", ")
      throw .options(
        reason: "the model has no output \"\(name)\"; "
          + (graph.outputs.count == 1
            ? "its only one is \(names): leave --output-layer out" : "its outputs are \(names)"))
    }
    return output
  }

  private init(_ graph: ONNXGraph, opset: Int) throws(ImportError) {
    self.opset = opset
    var producers: [String: ONNXNode] = [:]
    for node in graph.nodes {
      for name in node.outputs where !name.isEmpty {
        guard producers.updateValue(node, forKey: name) == nil else {
          throw .layer(name: node.name, reason: "the value \"\(name)\" is made by two nodes")
        }
      }
    }
    self.producers = producers
  }

  private mutating func translate(_ node: ONNXNode, _ arrays: inout ONNXArrays) throws(ImportError) {
    let operation = ONNXOperation(node: node, inputs: node.inputs.map { values[$0] }, opset: opset)
    do throws(ImportError) {
      if let index = node.inputs.first(where: classIndices.contains) { return try pass(index, through: operation) }
      try followQuantized(operation)
      if node.operation == "ArgMax" { classIndices.formUnion(node.outputs) }
      let results = try results(of: operation, &arrays)
      for (name, value) in zip(node.outputs, results) where !name.isEmpty { values[name] = value }
      for name in node.outputs.dropFirst(results.count) where !name.isEmpty {
        values[name] = .failure(operation.error("its value \"\(name)\" is not computed at inference"))
      }
    } catch {
      for name in node.outputs where !name.isEmpty { values[name] = .failure(error) }
    }
  }

  /// What the file does to the index of a class, which the scores stand for.
  private mutating func pass(_ index: String, through operation: ONNXOperation) throws(ImportError) {
    guard ["Identity", "Cast", "Squeeze", "Unsqueeze", "Reshape", "Flatten"].contains(operation.node.operation) else {
      throw operation.error("computes with the index that an ArgMax has found; an ArgMax may only be the last")
    }
    for name in operation.node.outputs { values[name] = values[index] }
    classIndices.formUnion(operation.node.outputs)
  }

  private mutating func results(
    of operation: ONNXOperation, _ arrays: inout ONNXArrays
  ) throws(ImportError) -> [ONNXValue] {
    let node = operation.node
    guard node.domain.isEmpty || node.domain == "com.microsoft" && node.operation == "Gelu" else {
      throw operation.error("belongs to the domain \"\(node.domain)\", expected one of ONNX's own operations")
    }
    if node.operation == "Constant" { return [.constant(try constant(operation, &arrays))] }
    if let folded = try ConstantFolding.fold(operation, &arrays) { return [.constant(folded)] }
    guard let rule = Self.rules[node.operation] else {
      throw operation.error("this operation is not supported")
    }
    do { return try rule(&self, operation) } catch { throw operation.error(wrapping: error) }
  }

  private func constant(
    _ operation: ONNXOperation, _ arrays: inout ONNXArrays
  ) throws(ImportError) -> ONNXConstant {
    switch operation.node.attributes.first {
    case ("value", .tensor(var tensor))?:
      if tensor.name.isEmpty { tensor.name = operation.name }
      return try ONNXConstant(try arrays.array(tensor))
    case ("value_float", .float(let value))?: return ONNXConstant(dimensions: [], values: .floats([value]))
    case ("value_int", .int(let value))?: return ONNXConstant(dimensions: [], values: .ints([value]))
    case ("value_floats", .floats(let values))?:
      return ONNXConstant(dimensions: [values.count], values: .floats(values))
    case ("value_ints", .ints(let values))?: return ONNXConstant(ints: values)
    default: throw operation.error("holds no numbers")
    }
  }

  private mutating func finished(
    _ output: ONNXValueInfo, input: DimensionLayout
  ) throws(ImportError) -> Translation {
    switch values[output.name] {
    case .failure(let error)?: throw error
    case .feature? where quantizations[output.name] != nil:
      throw .model(reason: "the output \"\(output.name)\" is made of integers, expected a DequantizeLinear behind them")
    case .feature(let feature)?:
      let last = try settled(feature, named: output.name)
      let ordered = try ordered(last, named: output.name)
      do throws(GraphError) {
        let pruned = builder.graph.keepingOnly(ordered.node)
        try pruned.validate()
        return Translation(graph: pruned, input: input, output: ordered.layout, notes: notes)
      } catch {
        throw .model(reason: error.description)
      }
    default: throw .model(reason: "the output \"\(output.name)\" does not depend on the input")
    }
  }

  /// A constant as a value like those of the image, for operations that do not tell them apart.
  mutating func appendConstant(_ constant: ONNXConstant, named name: String) throws(ImportError) -> ONNXFeature {
    let sizes = constant.dimensions
    if sizes.count == 4, sizes[0] == 1 {
      let shape = Shape.map(height: sizes[2], width: sizes[3], channels: sizes[1])
      let values = try constant.transposed([0, 2, 3, 1]).reshaped(shape.dimensions)
      let node = try append(name + "/constant", .constant(shape), [], weights: [values])
      return ONNXFeature(node: node, layout: DimensionLayout(map: shape))
    }
    let count = constant.elementCount
    let node = try append(
      name + "/constant", .constant(.vector(count)), [], weights: [try constant.reshaped([count])])
    return ONNXFeature(node: node, layout: DimensionLayout(contiguous: sizes))
  }

  mutating func setValue(_ value: ONNXValue, of name: String) { values[name] = value }

  // MARK: Building

  /// A name that no node has yet.
  mutating func unique(_ name: String) -> String {
    var candidate = name.isEmpty ? "node" : name
    var count = 1
    while !names.insert(candidate).inserted {
      count += 1
      candidate = "\(name)_\(count)"
    }
    return candidate
  }

  /// Appends a node with its weights in the order in which its operation names them.
  mutating func append(
    _ name: String, _ operation: Operation, _ inputs: [Int], weights: [ONNXConstant] = []
  ) throws(ImportError) -> Int {
    let name = unique(name)
    var remaining = weights[...]
    do {
      return try builder.append(name, operation, inputs) { role, dimensions in
        guard let weight = remaining.popFirst() else {
          throw ImportError.weights(layer: name, reason: "has no \(role)")
        }
        guard weight.dimensions == dimensions else {
          throw ImportError.weights(
            layer: name, reason: "its \(role) has the dimensions \(weight.dimensions), expected \(dimensions)")
        }
        return try weight.tensor(named: "\(name)/\(role)")
      }
    } catch let error as ImportError {
      throw error
    } catch let error as GraphError {
      throw .layer(name: name, reason: error.reason)
    } catch {
      throw .layer(name: name, reason: "\(error)")
    }
  }
}
