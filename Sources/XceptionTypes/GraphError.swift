/// Why a graph is not a valid network, or cannot be made ready to run.
public struct GraphError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The optimizer's pass that found it, or left a graph that is not valid; nil where none did.
  public package(set) var pass: String?
  /// The node at fault, or nil where it is the graph as a whole.
  public let node: String?
  /// The tensor at fault, by index, where it is no node's fault.
  package let tensor: Int?
  public let reason: String
  /// Where weights could not be read: what is wrong with their file.
  package let file: WeightFormatError?

  package init(node: String?, tensor: Int? = nil, reason: String, file: WeightFormatError? = nil) {
    self.node = node
    self.tensor = tensor
    self.reason = reason
    self.file = file
  }

  public var description: String {
    let place = node.map { "node \"\($0)\": \(reason)" } ?? "graph: \(reason)"
    return pass.map { "pass \"\($0)\": \(place)" } ?? place
  }
}
