import ModelGraph

/// Computes nodes whose inputs are constants, or that need only a shape: what exporters leave of arithmetic with sizes,
/// and of weights that they put together.
enum ConstantFolding {
  private typealias Rule = @Sendable (ONNXOperation) throws -> ONNXConstant

  /// The node's value, or nil where it depends on the image.
  static func fold(_ operation: ONNXOperation, _ arrays: inout ONNXArrays) throws(ImportError) -> ONNXConstant? {
    switch operation.node.operation {
    case "Shape": return try shape(operation)
    case "Size": return ONNXConstant(dimensions: [], values: .ints([try sizes(operation).reduce(1, *)]))
    case "ConstantOfShape": return try constantOfShape(operation, &arrays)
    default: break
    }
    for input in operation.inputs {
      if case .feature? = input { return nil }
      if case .failure(let error)? = input { throw error }
    }
    guard let rule = rules[operation.node.operation] else { return nil }
    let result: ONNXConstant
    do { result = try rule(operation) } catch { throw operation.error(wrapping: error) }
    guard result.elementCount <= ONNXConstant.largestComputed || result.isStored else {
      throw operation.error("makes a constant of \(result.dimensions), too large to compute with")
    }
    return result
  }

  private static let rules: [String: Rule] = [
    "Identity": { try $0.requireConstant(0) },
    "Reshape": { operation in
      let constant = try operation.requireConstant(0)
      guard let shape = try operation.ints("shape", orInput: 1) else { throw operation.error("has no shape") }
      let sizes = try resolved(
        shape, from: constant.dimensions, keepsZeros: try operation.flag("allowzero"), operation)
      guard sizes.reduce(1, *) == constant.elementCount else {
        throw operation.error("makes \(sizes) of a constant of \(constant.dimensions)")
      }
      return try constant.reshaped(sizes)
    },
    "Flatten": { operation in
      let constant = try operation.requireConstant(0)
      let axis = min(max(0, try operation.int("axis", default: 1)), constant.dimensions.count)
      let sizes = [constant.dimensions[..<axis], constant.dimensions[axis...]].map { $0.reduce(1, *) }
      return try constant.reshaped(sizes)
    },
    "Squeeze": { operation in
      let constant = try operation.requireConstant(0)
      return try constant.reshaped(try squeezed(constant.dimensions, operation))
    },
    "Unsqueeze": { operation in
      let constant = try operation.requireConstant(0)
      return try constant.reshaped(try unsqueezed(constant.dimensions, operation))
    },
    "Transpose": { operation in
      let constant = try operation.requireConstant(0)
      return constant.transposed(try permutation(rank: constant.dimensions.count, operation))
    },
    "Cast": { try cast($0) },
    "CastLike": { try castLike($0) },
    "Gather": { try gathered($0) },
    "Slice": { try sliced($0) },
    "Concat": { try concatenated($0) },
    "Expand": { try expanded($0) },
    "Range": { try range($0) },
    "ReduceProd": { try product($0) },
    "Where": { try chosen($0) },
    "QuantizeLinear": { try quantized($0) },
    "DequantizeLinear": { try dequantized($0) },
    "Add": { try arithmetic($0, { $0.addingReportingOverflow($1) }, +) },
    "Sub": { try arithmetic($0, { $0.subtractingReportingOverflow($1) }, -) },
    "Mul": { try arithmetic($0, { $0.multipliedReportingOverflow(by: $1) }, *) },
    "Div": { try arithmetic($0, { $0.dividedReportingOverflow(by: $1) }, /) },
    "Mod": { operation in
      try arithmetic(operation, modulo) { $0 - ($0 / $1).rounded(.down) * $1 }
    },
    "Max": { try arithmetic($0, { (max($0, $1), false) }, { max($0, $1) }) },
    "Min": { try arithmetic($0, { (min($0, $1), false) }, { min($0, $1) }) },
    "Clip": { try clipped($0) },
    "Equal": { try comparison($0) { $0 == $1 } },
    "Greater": { try comparison($0) { $0 > $1 } },
    "Less": { try comparison($0) { $0 < $1 } },
    "Not": { try function($0) { $0 == 0 ? 1 : 0 } },
    "Ceil": { try function($0) { $0.rounded(.up) } },
    "Floor": { try function($0) { $0.rounded(.down) } },
    "Round": { try function($0) { $0.rounded(.toNearestOrEven) } },
    "Neg": { try function($0) { -$0 } },
    "Abs": { try function($0) { $0.magnitude } },
    "Sqrt": { try function($0) { $0.squareRoot() } },
    "Reciprocal": { try function($0) { 1 / $0 } },
    "Relu": { try function($0) { max($0, 0) } },
  ]

  // MARK: Shapes

  private static func sizes(_ operation: ONNXOperation) throws(ImportError) -> [Int] {
    switch try operation.value(0) {
    case .constant(let constant): return constant.dimensions
    case .feature(let feature): return feature.sizes
    case .failure(let error): throw error
    }
  }

  private static func shape(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let sizes = try sizes(operation)
    let clamped = { (index: Int) in min(max(0, index < 0 ? index &+ sizes.count : index), sizes.count) }
    let start = clamped(try operation.int("start", default: 0))
    let end = clamped(try operation.int("end", default: sizes.count))
    return ONNXConstant(ints: start < end ? Array(sizes[start..<end]) : [])
  }

  private static func constantOfShape(
    _ operation: ONNXOperation, _ arrays: inout ONNXArrays
  ) throws(ImportError) -> ONNXConstant {
    let shape = try operation.ints(input: 0) ?? []
    if let count = Limits.elementCount(of: shape), count > ONNXConstant.largestComputed {
      var value: Float = 0
      if case .tensor(let tensor)? = operation.node.attributes["value"] {
        value = try arrays.array(tensor).values().first ?? 0
      }
      return try ONNXConstant(
        NamedArray(
          name: operation.name, dimensions: shape, elementType: .float32,
          contents: RepeatedContents(value: value, count: count)))
    }
    let count = try count(of: shape, operation)
    guard case .tensor(let tensor)? = operation.node.attributes["value"] else {
      return ONNXConstant(dimensions: shape, values: .floats([Float](repeating: 0, count: count)))
    }
    let value = try ONNXConstant(try arrays.array(tensor))
    if let ints = try value.ints(), let first = ints.first {
      return ONNXConstant(dimensions: shape, values: .ints([Int](repeating: first, count: count)))
    }
    let first = try value.floats().first ?? 0
    return ONNXConstant(dimensions: shape, values: .floats([Float](repeating: first, count: count)))
  }

  /// The number of values of a constant that will be computed.
  static func count(of sizes: [Int], _ operation: ONNXOperation) throws(ImportError) -> Int {
    guard let count = ONNXConstant.count(of: sizes), count <= ONNXConstant.largestComputed else {
      throw operation.error("makes a constant of \(sizes), too large to compute with")
    }
    return count
  }

  /// A shape in which 0 stands for the old size and -1 for what is left.
  static func resolved(
    _ shape: [Int], from sizes: [Int], keepsZeros: Bool, _ operation: ONNXOperation
  ) throws(ImportError) -> [Int] {
    var result = shape
    for (index, size) in shape.enumerated() where size == 0 && !keepsZeros {
      guard index < sizes.count else { throw operation.error("keeps the size \(index) of a value of \(sizes)") }
      result[index] = sizes[index]
    }
    let open = result.indices.filter { result[$0] == -1 }
    let known = result.filter { $0 != -1 }
    guard open.count <= 1, let product = known.isEmpty ? 1 : Limits.elementCount(of: known) else {
      throw operation.error("has the shape \(shape)")
    }
    if let place = open.first {
      let count = sizes.reduce(1, *)
      guard count % product == 0 else { throw operation.error("makes \(shape) of a value of \(sizes)") }
      result[place] = count / product
    }
    return result
  }

  static func squeezed(_ sizes: [Int], _ operation: ONNXOperation) throws(ImportError) -> [Int] {
    let axes = try operation.axes(input: 1, rank: sizes.count) ?? sizes.indices.filter { sizes[$0] == 1 }
    guard axes.allSatisfy({ sizes[$0] == 1 }) else { throw operation.error("drops the axes \(axes) of \(sizes)") }
    return sizes.indices.filter { !axes.contains($0) }.map { sizes[$0] }
  }

  static func unsqueezed(_ sizes: [Int], _ operation: ONNXOperation) throws(ImportError) -> [Int] {
    let count = try operation.ints("axes", orInput: 1)?.count ?? 0
    guard count <= 64, let axes = try operation.axes(input: 1, rank: sizes.count + count) else {
      throw operation.error("has no axes")
    }
    var rest = sizes[...]
    return (0..<sizes.count + count).map { axes.contains($0) ? 1 : rest.removeFirst() }
  }

  static func permutation(rank: Int, _ operation: ONNXOperation) throws(ImportError) -> [Int] {
    let permutation = try operation.ints("perm") ?? Array((0..<rank).reversed())
    guard permutation.sorted() == Array(0..<rank) else {
      throw operation.error("permutes \(rank) dimensions by \(permutation)")
    }
    return permutation
  }
}

extension ONNXConstant {
  fileprivate var isStored: Bool {
    switch values {
    case .stored, .scaled: true
    case .ints, .floats: false
    }
  }
}
