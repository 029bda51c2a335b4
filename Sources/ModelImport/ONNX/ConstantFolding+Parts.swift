import ModelGraph

extension ConstantFolding {
  /// What `Slice` keeps of one axis.
  struct Part {
    var axis: Int
    var start: Int
    var step: Int
    var count: Int
  }

  /// Attributes before opset 10, inputs since.
  static func ranges(of sizes: [Int], _ operation: ONNXOperation) throws(ImportError) -> [Part] {
    guard let starts = try operation.ints("starts", orInput: 1),
      let ends = try operation.ints("ends", orInput: 2), starts.count == ends.count,
      starts.count <= sizes.count
    else { throw operation.error("has no starts and ends that match a value of \(sizes)") }
    let axes = try operation.axes(input: 3, rank: sizes.count) ?? Array(starts.indices)
    let steps = try operation.ints(input: 4) ?? [Int](repeating: 1, count: starts.count)
    guard axes.count == starts.count, steps.count == starts.count, !steps.contains(0) else {
      throw operation.error("has \(starts.count) starts, \(axes.count) axes and the steps \(steps)")
    }
    return starts.indices.map { index in
      let size = sizes[axes[index]]
      let step = steps[index]
      // Ends far outside, such as the largest integer, mean the end of the axis.
      let counted = { (place: Int) in place < 0 ? place.addingReportingOverflow(size).partialValue : place }
      let lowest = step > 0 ? 0 : -1
      let highest = step > 0 ? size : size - 1
      let start = min(max(counted(starts[index]), max(lowest, 0)), highest)
      let end = min(max(ends[index] < 0 && ends[index] < -size ? lowest : counted(ends[index]), lowest), highest)
      let distance = step > 0 ? end - start : start - end
      let stride = Int(clamping: step.magnitude)
      return Part(
        axis: axes[index], start: start, step: step, count: distance <= 0 ? 0 : (distance - 1) / stride + 1)
    }
  }

  static func sliced(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    var constant = try operation.requireConstant(0)
    for part in try ranges(of: constant.dimensions, operation) {
      constant = try picked(constant, part.axis, (0..<part.count).map { part.start + $0 * part.step }, operation)
    }
    return constant
  }

  static func gathered(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let constant = try operation.requireConstant(0)
    let indices = try operation.requireConstant(1)
    let axis = try operation.axis(try operation.int("axis", default: 0), rank: constant.dimensions.count)
    guard !constant.dimensions.isEmpty, let places = try indices.ints() else { throw operation.error("has no indices") }
    let size = constant.dimensions[axis]
    var positions: [Int] = []
    for place in places {
      guard (-size..<max(size, 0)).contains(place) else {
        throw operation.error("reads the index \(place) of a dimension of \(size)")
      }
      positions.append(place < 0 ? place + size : place)
    }
    let result = try picked(constant, axis, positions, operation)
    return try result.reshaped(
      Array(constant.dimensions[..<axis]) + indices.dimensions + Array(constant.dimensions[(axis + 1)...]))
  }

  /// The values at some positions of an axis.
  private static func picked(
    _ constant: ONNXConstant, _ axis: Int, _ positions: [Int], _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXConstant {
    var sizes = constant.dimensions
    let step = sizes[(axis + 1)...].reduce(1, *)
    let block = sizes[axis] * step
    let outer = sizes[..<axis].reduce(1, *)
    sizes[axis] = positions.count
    _ = try count(of: sizes, operation)
    let places = (0..<outer).flatMap { row in
      positions.flatMap { position in (0..<step).map { row * block + position * step + $0 } }
    }
    if let ints = try constant.ints() { return ONNXConstant(dimensions: sizes, values: .ints(places.map { ints[$0] })) }
    let floats = try constant.floats()
    return ONNXConstant(dimensions: sizes, values: .floats(places.map { floats[$0] }))
  }

  static func concatenated(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let first = try operation.requireConstant(0)
    let axis = try operation.axis(try operation.int("axis", default: 0), rank: first.dimensions.count)
    guard !first.dimensions.isEmpty else { throw operation.error("joins single numbers") }
    var parts: [ONNXConstant] = []
    var sizes = first.dimensions
    sizes[axis] = 0
    for index in operation.inputs.indices {
      let part = try operation.requireConstant(index)
      var other = part.dimensions
      guard other.count == sizes.count else {
        throw operation.error("joins \(first.dimensions) and \(part.dimensions)")
      }
      sizes[axis] += other[axis]
      other[axis] = sizes[axis]
      guard other == sizes else { throw operation.error("joins \(first.dimensions) and \(part.dimensions)") }
      parts.append(part)
    }
    _ = try count(of: sizes, operation)
    let rows = sizes[..<axis].reduce(1, *)
    func joined<Value>(_ values: [[Value]]) -> [Value] {
      (0..<rows).flatMap { row in
        values.flatMap { part in part[part.count / rows * row..<part.count / rows * (row + 1)] }
      }
    }
    if rows > 0, parts.allSatisfy(\.isInteger) {
      let ints = try parts.map { (part) throws(ImportError) in try part.ints() ?? [] }
      return ONNXConstant(dimensions: sizes, values: .ints(joined(ints)))
    }
    let floats = try parts.map { (part) throws(ImportError) in try part.floats() }
    return ONNXConstant(dimensions: sizes, values: .floats(rows > 0 ? joined(floats) : []))
  }

  static func expanded(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let constant = try operation.requireConstant(0)
    let (sizes, places) = try repetition(constant.dimensions, try operation.ints(input: 1) ?? [], operation)
    if let ints = try constant.ints() {
      return ONNXConstant(dimensions: sizes, values: .ints(places.map { ints[$0.0] }))
    }
    let floats = try constant.floats()
    return ONNXConstant(dimensions: sizes, values: .floats(places.map { floats[$0.0] }))
  }

  static func range(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    guard let start = try operation.ints(input: 0)?.first, let limit = try operation.ints(input: 1)?.first,
      let step = try operation.ints(input: 2)?.first, step != 0
    else { throw operation.error("counts in fractions, or by 0") }
    let values = stride(from: start, to: limit, by: step).prefix(ONNXConstant.largestComputed)
    return ONNXConstant(ints: Array(values))
  }
}
