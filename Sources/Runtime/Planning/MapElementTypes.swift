import Kernels
import ModelGraph

/// How each node's value is stored.
///
/// In bf16 and int8 plans maps are packed bf16, except for those of a node that takes or makes floats only: the image,
/// the channel ranges of grouped convolutions, which start anywhere, and softmax. What a convolution of the image makes
/// is also stored as floats: where a background has one color, all its pixels are rounded alike, and of Xception's maps
/// this one contributed more to the error than all others together (cosine of the features 0.9993 alone, 0.99998
/// without it, for the worst of 220 pictures). The inputs and the output of an elementwise node have one type, so a
/// decision about one of these maps holds for all.
struct MapElementTypes {
  private var elements: [MapElementType]

  subscript(node: Int) -> MapElementType { elements[node] }

  init(of graph: Graph, precision: Precision) {
    elements = [MapElementType](repeating: .float32, count: graph.nodes.count)
    guard precision != .float32 else { return }
    var groups = NodeGroups(count: graph.nodes.count)
    var takesFloats = [0]
    for (index, node) in graph.nodes.enumerated() {
      switch node.operation {
      case .maxPool, .averagePool, .add, .batchNormalization, .activation, .concatenate, .parametricRelu, .pad, .slice:
        if case .concatenate = node.operation, Self.isOfPanels(node, graph) { continue }
        for input in node.inputs { groups.join(index, input) }
      case .globalPool(let pool): if pool.keepsDimensions { groups.join(index, node.inputs[0]) }
      case .binary:
        // A vector is stored as floats beside maps of either type.
        for input in node.inputs { if case .map = graph.nodes[input].shape { groups.join(index, input) } }
      case .softmax: takesFloats += node.inputs + [index]
      case .convolution(let convolution):
        if node.inputs[0] == 0 { takesFloats.append(index) }
        if convolution.epilogue.addsResidual { groups.join(index, node.inputs[1]) }
        if convolution.groups > 1, !convolution.isDepthwise(on: graph.nodes[node.inputs[0]].shape) {
          takesFloats.append(node.inputs[0])
        }
      case .separableConvolution(let separable):
        if node.inputs[0] == 0 { takesFloats.append(index) }
        if separable.epilogue.addsResidual { groups.join(index, node.inputs[1]) }
      // Made row by row, or copied, from maps of either type.
      default: break
      }
    }
    for (index, node) in graph.nodes.enumerated() {
      if case .vector = node.shape { takesFloats.append(index) }
    }
    let floats = Set(takesFloats.map { groups.representative(of: $0) })
    for index in elements.indices where !floats.contains(groups.representative(of: index)) {
      elements[index] = .bfloat16
    }
  }

  /// Whether each input of a concatenation of maps is a whole number of column panels, whatever the instruction set: floats are
  /// then rounded as they are copied. DenseNet's first block, which begins with a pool of what a convolution of the image
  /// makes, would otherwise be 3 MB of floats at 56 x 56.
  private static func isOfPanels(_ node: Node, _ graph: Graph) -> Bool {
    guard case .map = node.shape else { return false }
    return node.inputs.allSatisfy { graph.nodes[$0].shape.channels % 32 == 0 }
  }
}

/// Disjoint sets of nodes.
private struct NodeGroups {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func representative(of node: Int) -> Int {
    var node = node
    while parents[node] != node {
      parents[node] = parents[parents[node]]
      node = parents[node]
    }
    return node
  }

  mutating func join(_ first: Int, _ second: Int) {
    parents[representative(of: first)] = representative(of: second)
  }
}
