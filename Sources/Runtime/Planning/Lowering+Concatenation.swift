import Kernels
import ModelGraph

/// Concatenated channels: those of the first map stay where they are, if its pixels can be as far apart as those of the
/// result, and convolutions write theirs behind them. Others are copied there.
extension Lowering {
  mutating func lowerConcatenation(_ node: Node, _ inputs: [Int]) -> Int {
    let grows = growsInPlace(self.node)
    let output = newValue(node.shape, over: grows ? inputs[0] : nil)
    var channel = 0
    for (index, input) in inputs.enumerated() {
      let isThere = grows && (index == 0 || values[input].firstChannel > 0)
      if !isThere { append(.join(from: input, to: output, firstChannel: channel)) }
      channel += values[input].shape.channels
    }
    return output
  }

  /// A value in the memory of the concatenation that alone reads it, or nil where it cannot be written there: its channels
  /// must begin and end with a column panel.
  ///
  /// - Parameter index: The current node, or the one that it is lowered together with.
  mutating func partOfConcatenation(_ index: Int) -> Int? {
    guard consumers[index].count == 1, let reader = consumers[index].first,
      case .concatenate = graph.nodes[reader].operation, elements[index] == elements[reader]
    else { return nil }
    let inputs = graph.nodes[reader].inputs
    guard let position = inputs.firstIndex(of: index), position > 0, inputs.lastIndex(of: index) == position,
      inputs[0] < node, growsInPlace(reader)
    else { return nil }
    let shape = graph.nodes[index].shape
    let firstChannel = inputs[..<position].reduce(0) { $0 + graph.nodes[$1].shape.channels }
    guard firstChannel % kernels.panelWidth == 0, shape.channels % kernels.panelWidth == 0 else { return nil }
    let value = newValue(shape, over: valueOfNode[inputs[0]])
    values[value].firstChannel = firstChannel
    return value
  }

  /// Whether the first map of a concatenation is not read afterwards and ends with a whole column panel, and everything that
  /// makes or reads it or the result uses the distance between pixels: what treats rows as contiguous memory would take both
  /// maps for one.
  private func growsInPlace(_ concatenation: Int) -> Bool {
    let inputs = graph.nodes[concatenation].inputs
    let first = graph.nodes[inputs[0]]
    let value = valueOfNode[inputs[0]]
    guard isOnlyFirst(inputs, of: concatenation), inputs.count > 1, first.shape.channels % kernels.panelWidth == 0,
      !values[value].isTight, values[value].element == elements[concatenation], isSpaced(first)
    else { return false }
    // The memory of another value holds only maps that were extended before.
    if values[value].root != value, first.operation != .concatenate { return false }
    return (consumers[inputs[0]] + consumers[concatenation]).allSatisfy { isSpaced(graph.nodes[$0]) }
  }

  /// Whether a concatenation is the last to read the memory of its first input, of which its others have only their own part.
  /// Those that are still to be lowered cannot take it over before.
  private func isOnlyFirst(_ inputs: [Int], of concatenation: Int) -> Bool {
    let root = values[valueOfNode[inputs[0]]].root
    guard values[root].lastReader == concatenation, inputs[0] != 0, values[root].constant == nil else { return false }
    return inputs.dropFirst().allSatisfy {
      $0 >= valueOfNode.count || values[valueOfNode[$0]].root != root || values[valueOfNode[$0]].firstChannel > 0
    }
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
