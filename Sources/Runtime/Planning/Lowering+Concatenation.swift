import Kernels
import ModelGraph

/// Joined channels: those of the first map stay where they are, where its pixels can lie as far apart as those of the result.
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

  /// Whether the first map is read no more, ends with a whole column panel, and all that makes or reads it or the result
  /// goes by the distance of pixels: what goes over rows as they lie in memory would take both for one.
  private func growsInPlace(_ node: Node) -> Bool {
    let first = graph.nodes[node.inputs[0]]
    let value = valueOfNode[node.inputs[0]]
    guard isLastUse(of: 0), node.inputs.count > 1, first.shape.channels % kernels.panelWidth == 0,
      !values[value].isTight, values[value].element == elements[self.node], isSpaced(first)
    else { return false }
    // In the memory of another value lie only maps that grew before.
    if values[value].root != value, first.operation != .concatenate { return false }
    return (consumers[node.inputs[0]] + consumers[self.node]).allSatisfy { isSpaced(graph.nodes[$0]) }
  }

  /// Whether a node's steps read and write pixels a distance apart.
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
