import ModelGraph

/// What a name of an ONNX graph stands for while it is translated.
enum ONNXValue {
  case constant(ONNXConstant)
  case feature(ONNXFeature)
  /// Why it cannot be computed; an error only where the output needs it.
  case failure(ImportError)
}

/// The value of a node of the graph, as ONNX sees it.
struct ONNXFeature {
  var node: Int
  var layout: DimensionLayout
  /// A border that no node has added yet: a window that reads it can absorb it. The layout does not include it.
  var border: Pad?
  /// The elementwise functions of earlier values that give it.
  var functions: SampledFunctions

  init(node: Int, layout: DimensionLayout) {
    self.node = node
    self.layout = layout
    functions = SampledFunctions(of: node)
  }

  /// With the border.
  var sizes: [Int] {
    var sizes = layout.sizes
    if let border {
      sizes[2] += border.top + border.bottom
      sizes[3] += border.left + border.right
    }
    return sizes
  }
}

extension DimensionLayout {
  /// With dimensions of 1 in front.
  func withLeadingOnes(rank: Int) -> DimensionLayout {
    reshaped(to: [Int](repeating: 1, count: max(0, rank - dimensions.count)) + sizes) ?? self
  }

  /// A map as ONNX's N x C x H x W.
  init(map shape: Shape) {
    let sides = shape.dimensions
    self.init(sizes: [1, sides[2], sides[0], sides[1]], memory: [0, 2, 3, 1])
  }
}
