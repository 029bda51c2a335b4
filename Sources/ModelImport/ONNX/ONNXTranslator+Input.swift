import ModelGraph

extension ONNXTranslator {
  /// Appends the input: the one that has no initializer.
  ///
  /// Four dimensions are N x C x H x W, or N x H x W x C where only the last has 1, 3 or 4 channels (as tf2onnx leaves it).
  mutating func appendInput(of graph: ONNXGraph, size: Extent?) throws(ImportError) -> DimensionLayout {
    let inputs = graph.inputs.filter { !isConstant($0.name) }
    guard let input = inputs.first, inputs.count == 1 else {
      let names = inputs.map { "\"\($0.name)\"" }.joined(separator: ", ")
      throw .model(reason: "has \(inputs.count) inputs\(names.isEmpty ? "" : " (\(names))"), expected one, the image")
    }
    guard [1, 2, 10, 11, 16].contains(input.elementType) else {
      throw .model(
        reason:
          "the input \"\(input.name)\" holds \(ONNXArrays.name(ofType: input.elementType)), expected pixels as floats")
    }
    guard let dimensions = input.dimensions else {
      throw .model(reason: "the input \"\(input.name)\" has no stated shape, expected N x C x H x W")
    }
    let (shape, layout) = try Self.inputShape(dimensions, size: size, name: input.name)
    let node = try append(input.name, .input(shape), [])
    setValue(.feature(ONNXFeature(node: node, layout: layout)), of: input.name)
    return layout
  }

  private static func inputShape(
    _ dimensions: [Int?], size: Extent?, name: String
  ) throws(ImportError) -> (Shape, DimensionLayout) {
    guard dimensions.count == 4, dimensions[0] ?? 1 == 1 else {
      let sizes = dimensions.map { $0.map(String.init) ?? "?" }.joined(separator: " x ")
      // A single open dimension of a vector is the batch's.
      let known = dimensions.enumerated().map { $0.offset == 0 ? $0.element ?? 1 : $0.element ?? 0 }
      guard dimensions.count != 4, !known.contains(0), let count = Limits.elementCount(of: known) else {
        throw .model(reason: "the input \"\(name)\" is \(sizes), expected one image: 1 x C x H x W")
      }
      return (.vector(count), DimensionLayout(contiguous: known))
    }
    let channels: Set = [1, 3, 4]
    let isNHWC =
      dimensions[3].map(channels.contains) == true && dimensions[1].map(channels.contains) != true
    let (rows, columns, depth) = isNHWC ? (1, 2, 3) : (2, 3, 1)
    guard let height = size?.height ?? dimensions[rows], let width = size?.width ?? dimensions[columns] else {
      throw .options(
        reason:
          "the input \"\(name)\" leaves its height or width open: state the size that the network was trained with")
    }
    let shape = Shape.map(height: height, width: width, channels: dimensions[depth] ?? 3)
    guard shape.checkedElementCount != nil else {
      throw .model(reason: "the input \"\(name)\" of \(shape) is empty or exceeds \(Limits.elements) values")
    }
    let sides = shape.dimensions
    return (
      shape,
      isNHWC ? DimensionLayout(contiguous: [1] + sides) : DimensionLayout(map: shape)
    )
  }

  private func isConstant(_ name: String) -> Bool { values[name] != nil }
}
