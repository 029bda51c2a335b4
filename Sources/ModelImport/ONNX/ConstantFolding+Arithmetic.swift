import ModelGraph

extension ConstantFolding {
  static func modulo(_ a: Int, _ b: Int) -> (partialValue: Int, overflow: Bool) {
    let (rest, overflow) = a.remainderReportingOverflow(dividingBy: b)
    if overflow || rest == 0 || (rest < 0) == (b < 0) { return (rest, overflow) }
    return (rest + b, false)
  }

  /// Elementwise, in whole numbers where all inputs are whole.
  static func arithmetic(
    _ operation: ONNXOperation, _ whole: (Int, Int) -> (partialValue: Int, overflow: Bool),
    _ real: (Double, Double) -> Double
  ) throws(ImportError) -> ONNXConstant {
    var result = try operation.requireConstant(0)
    for index in operation.inputs.indices.dropFirst() {
      let next = try operation.requireConstant(index)
      let (sizes, places) = try repetition(result.dimensions, next.dimensions, operation)
      if let a = try result.ints(), let b = try next.ints() {
        var values: [Int] = []
        for (first, second) in places {
          let (value, overflow) = whole(a[first], b[second])
          guard !overflow else { throw operation.error("computes with \(a[first]) and \(b[second]), which overflows") }
          values.append(value)
        }
        result = ONNXConstant(dimensions: sizes, values: .ints(values))
      } else {
        let (a, b) = (try result.floats(), try next.floats())
        result = ONNXConstant(
          dimensions: sizes, values: .floats(places.map { Float(real(Double(a[$0]), Double(b[$1]))) }))
      }
    }
    return result
  }

  static func clipped(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let lowest = Double(try operation.scalar(input: 1, or: "min", default: -.infinity))
    let highest = Double(try operation.scalar(input: 2, or: "max", default: .infinity))
    return try function(operation) { min(max($0, lowest), highest) }
  }

  static func comparison(
    _ operation: ONNXOperation, _ holds: (Double, Double) -> Bool
  ) throws(ImportError) -> ONNXConstant {
    let (first, second) = (try operation.requireConstant(0), try operation.requireConstant(1))
    let (sizes, places) = try repetition(first.dimensions, second.dimensions, operation)
    let (a, b) = (try numbers(first), try numbers(second))
    return ONNXConstant(dimensions: sizes, values: .ints(places.map { holds(a[$0], b[$1]) ? 1 : 0 }))
  }

  static func function(_ operation: ONNXOperation, _ body: (Double) -> Double) throws(ImportError) -> ONNXConstant {
    let constant = try operation.requireConstant(0)
    _ = try count(of: constant.dimensions, operation)
    let values = try numbers(constant).map(body)
    if constant.isInteger {
      return ONNXConstant(
        dimensions: constant.dimensions,
        values: .ints(
          try values.map { (value) throws(ImportError) in
            guard let int = Int(exactly: value.rounded(.towardZero)) else {
              throw operation.error("makes \(value) a whole number")
            }
            return int
          }))
    }
    return ONNXConstant(dimensions: constant.dimensions, values: .floats(values.map { Float($0) }))
  }

  static func cast(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let constant = try operation.requireConstant(0)
    let type = try operation.int("to", default: 1)
    guard let target = NamedArray.ElementType(onnx: type) else {
      throw operation.error("casts to \(ONNXArrays.name(ofType: type))")
    }
    guard target.isInteger else {
      // Weights stay as they are in the file: everything becomes a 32-bit float in the end.
      if !constant.isInteger { return constant }
      return ONNXConstant(dimensions: constant.dimensions, values: .floats(try constant.floats()))
    }
    _ = try count(of: constant.dimensions, operation)
    if target != .bool, let ints = try constant.ints() {
      return ONNXConstant(dimensions: constant.dimensions, values: .ints(ints))
    }
    var values: [Int] = []
    for value in try numbers(constant) {
      guard let int = Int(exactly: value.rounded(.towardZero)) else {
        throw operation.error("casts \(value) to \(target)")
      }
      values.append(target == .bool ? (value == 0 ? 0 : 1) : int)
    }
    return ONNXConstant(dimensions: constant.dimensions, values: .ints(values))
  }

  /// To the type of the second input, of which it only matters whether it is an integer type.
  static func castLike(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let constant = try operation.requireConstant(0)
    let isWhole = try operation.requireConstant(1).isInteger
    if constant.isInteger == isWhole { return constant }
    guard !isWhole else { throw operation.error("casts fractions to a type of whole numbers") }
    return ONNXConstant(dimensions: constant.dimensions, values: .floats(try constant.floats()))
  }

  static func product(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let constant = try operation.requireConstant(0)
    let rank = constant.dimensions.count
    let axes = try operation.axes(input: 1, rank: rank) ?? Array(0..<rank)
    guard axes.count == rank, let ints = try constant.ints() else {
      throw operation.error("multiplies the axes \(axes) of a constant of \(constant.dimensions), expected all")
    }
    var product = 1
    for value in ints {
      let (next, overflow) = product.multipliedReportingOverflow(by: value)
      guard !overflow else { throw operation.error("multiplies \(ints), which overflows") }
      product = next
    }
    let keeps = try operation.int("keepdims", default: 1) != 0
    return ONNXConstant(dimensions: keeps ? [Int](repeating: 1, count: rank) : [], values: .ints([product]))
  }

  static func chosen(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let condition = try operation.requireConstant(0)
    let (first, second) = (try operation.requireConstant(1), try operation.requireConstant(2))
    let (sizes, places) = try repetition(first.dimensions, second.dimensions, operation)
    let (all, outer) = try repetition(condition.dimensions, sizes, operation)
    guard let flags = try condition.ints() else { throw operation.error("chooses by fractions") }
    if let a = try first.ints(), let b = try second.ints() {
      let values = outer.map { flags[$0] != 0 ? a[places[$1].0] : b[places[$1].1] }
      return ONNXConstant(dimensions: all, values: .ints(values))
    }
    let (a, b) = (try first.floats(), try second.floats())
    let values = outer.map { flags[$0] != 0 ? a[places[$1].0] : b[places[$1].1] }
    return ONNXConstant(dimensions: all, values: .floats(values))
  }

  /// Whole numbers exactly, up to 2^53.
  static func numbers(_ constant: ONNXConstant) throws(ImportError) -> [Double] {
    if let ints = try constant.ints() { return ints.map { Double($0) } }
    return try constant.floats().map { Double($0) }
  }

  /// The shape that two constants have together, and for each of its values the indices into both.
  static func repetition(
    _ first: [Int], _ second: [Int], _ operation: ONNXOperation
  ) throws(ImportError) -> (sizes: [Int], places: [(Int, Int)]) {
    let rank = max(first.count, second.count)
    let a = [Int](repeating: 1, count: rank - first.count) + first
    let b = [Int](repeating: 1, count: rank - second.count) + second
    guard zip(a, b).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else {
      throw operation.error("its inputs \(first) and \(second) cannot be repeated to one shape")
    }
    let sizes = zip(a, b).map { $0 == 1 ? $1 : $0 }
    _ = try count(of: sizes, operation)
    var places = [(0, 0)]
    for axis in sizes.indices {
      let (stepA, stepB) = (a[(axis + 1)...].reduce(1, *), b[(axis + 1)...].reduce(1, *))
      places = places.flatMap { place in
        (0..<sizes[axis]).map { index in
          (place.0 + (a[axis] == 1 ? 0 : index * stepA), place.1 + (b[axis] == 1 ? 0 : index * stepB))
        }
      }
    }
    return (sizes, places)
  }
}
