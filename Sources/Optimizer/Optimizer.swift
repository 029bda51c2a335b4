import ModelGraph

/// One rewriting of a graph that leaves its output as it was, but for rounding.
package protocol Pass: Sendable {
  /// What it does, in a few words, as errors name it.
  var name: String { get }

  /// - Precondition: The graph is valid.
  /// - Throws: An error that names the node whose weights cannot be folded or read.
  func apply(to graph: Graph) throws(GraphError) -> Graph
}

/// Turns the graph that was trained into the one that is run.
package enum Optimizer {
  /// The passes in their order, each of which may count on those before it: what does nothing goes first, because it
  /// would stand between nodes that belong together; batch normalizations next, because nothing is fused across one;
  /// a sum before the activation that follows it; and activations move forward, into the steps that read them, only
  /// where they could not move back, into the step that makes them.
  package static let passes: [any Pass] = [
    DropNoOps(), FoldBatchNormalization(), ReplaceBatchNormalization(), FuseResidual(), FuseActivation(),
    FuseSeparable(), FuseInputActivation(),
  ]

  /// Applies passes in order and validates the graph after each.
  ///
  /// An optimized graph is optimized already: optimizing it again changes nothing.
  /// The values of the feature node and of the output are kept, but for rounding. A fused step has the name of the step
  /// that it began as (a separable one what its parts' names have in common, before the last "/"), though its value is
  /// that of the last step fused into it.
  package static func optimize(_ graph: Graph, passes: [any Pass] = passes) throws(OptimizerError) -> Graph {
    do throws(GraphError) {
      try graph.validate()
    } catch {
      throw OptimizerError(pass: nil, node: error.node, reason: error.reason)
    }
    var graph = graph
    for pass in passes {
      do throws(GraphError) {
        graph = try pass.apply(to: graph)
        try graph.validate()
      } catch {
        throw OptimizerError(pass: pass.name, node: error.node, reason: error.reason)
      }
    }
    return graph
  }
}

/// Why a graph could not be optimized.
package struct OptimizerError: Error, Hashable, CustomStringConvertible {
  /// The pass that failed or left an invalid graph; nil where the graph was invalid before the first.
  package var pass: String?
  /// The node at fault, or nil where it is the graph as a whole.
  package var node: String?
  package var reason: String

  package init(pass: String?, node: String?, reason: String) {
    self.pass = pass
    self.node = node
    self.reason = reason
  }

  package var description: String {
    let place = GraphError(node: node, reason: reason).description
    return pass.map { "pass \"\($0)\": \(place)" } ?? "before optimization: \(place)"
  }
}
