import ModelGraph

/// An operation as the suites of all modules try it: its shapes, its file, its rows in each precision, what it makes of
/// values that are not finite, and the values of a framework.
package struct OperationSample: Sendable, CustomStringConvertible {
  /// What a framework computes of a form of it.
  package struct Example: Sendable {
    package var operation: Operation
    package var input: Shape
    package var values: [Float]
    /// In the order of the operation's parameters.
    package var weights: [[Float]] = []
    package var output: [Float]
  }

  package var operation: Operation
  package var input: Shape
  /// How many times it reads the input.
  package var inputCount: Int
  package var output: Shape
  /// Forms of it that the input cannot have, and why.
  package var refused: [(operation: Operation, reason: String)]
  /// Where no file of Keras's values has the operation.
  package var example: Example?

  package static let map = Shape.map(height: 6, width: 7, channels: 20)

  init(
    _ operation: Operation, of input: Shape = map, times inputCount: Int = 1, gives output: Shape = map,
    refused: [(operation: Operation, reason: String)] = [], example: Example? = nil
  ) {
    self.operation = operation
    self.input = input
    self.inputCount = inputCount
    self.output = output
    self.refused = refused
    self.example = example
  }

  package var description: String { "\(operation)" }

  /// The input, and the operation, or another form of it, as the node "node".
  package func graph(
    of form: Operation? = nil, weights: (ParameterRole, [Int]) throws -> Tensor
  ) throws -> Graph {
    var builder = GraphBuilder()
    let image = try builder.append("image", .input(input))
    let inputs = [Int](repeating: image, count: inputCount)
    try builder.append("node", form ?? operation, inputs, weights: weights)
    try builder.graph.validate()
    return builder.graph
  }
}
