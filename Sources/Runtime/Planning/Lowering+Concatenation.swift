import Kernels
import ModelGraph

/// Concatenated channels: those of the first map stay where they are, if its pixels can be as far apart as those of the
/// result.
extension Lowering {
  mutating func lowerConcatenation(_ node: Node, _ inputs: [Int]) -> Int {
    let grows = growsInPlace(node)
    let output = newValue(node.shape, over: grows ? inputs[0] : nil)
    var channel = 0
    for (index, input) in inputs.enumerated() {
      if index > 0 || !grows { append(.join(from: input, to: output, firstChannel: channel)) }
      channel += values[input].shape.channels
    }
    return output
  }

  /// Whether the first map is not read afterwards and ends with a whole column panel, and everything that makes or
  /// reads it or the result uses the distance between pixels: what treats rows as contiguous memory would take both
  /// maps for one.
  private func growsInPlace(_ node: Node) -> Bool {
    let first = graph.nodes[node.inputs[0]]
    let value = valueOfNode[node.inputs[0]]
    guard isLastUse(of: 0), node.inputs.count > 1, first.shape.channels % kernels.panelWidth == 0,
      !values[value].isTight, values[value].element == elements[self.node], isSpaced(first)
    else { return false }
    // The memory of another value holds only maps that were extended before.
    if values[value].root != value, first.operation != .concatenate { return false }
    return (consumers[node.inputs[0]] + consumers[self.node]).allSatisfy { isSpaced(graph.nodes[$0]) }
  }

  /// Whether a node's steps can read and write pixels that are a given distance apart.
  private func isSpaced(_ node: Node) -> Bool {
    switch node.operation {
    case .convolution(let convolution):
      !convolution.epilogue.addsResidual && isReadAsItIs(convolution.inputActivation)
    case .separableConvolution(let separable):
      !separable.epilogue.addsResidual && isReadAsItIs(separable.inputActivation)
    case .maxPool, .averagePool, .globalPool, .concatenate: true
    default: false
    }
  }

  private func isReadAsItIs(_ activation: Activation) -> Bool { activation == .identity || activation == .relu }
}
