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
  /// average pools before anything is fused with the convolutions that they move past; a sum before the activation that
  /// follows it; and activations move forward, into the steps that read them, only where they could not move back, into the
  /// step that makes them.
  package static let passes: [any Pass] = [
    DropNoOps(), FoldBatchNormalization(), ReplaceBatchNormalization(), MoveAveragePools(), FuseResidual(),
    FuseActivation(), FuseSeparable(), FuseInputActivation(),
  ]

  /// Validates the graph and applies passes in order.
  ///
  /// Debug builds validate the graph after each pass too, whose names are in the errors: a pass makes a valid graph of a valid one.
  /// In release builds, where checking the graph of EfficientNetB0 eight times took a fifteenth of the time of loading it,
  /// `Plan` validates what it is given, and so does the writer of files.
  ///
  /// An optimized graph is optimized already: optimizing it again changes nothing.
  /// The values of the feature node and of the output are kept, but for rounding. A fused step has the name of the step
  /// that it began as (a separable one what its parts' names have in common, before the last "/"), though its value is
  /// that of the last step fused into it.
  package static func optimize(_ graph: Graph, passes: [any Pass] = passes) throws(GraphError) -> Graph {
    try graph.validate()
    var graph = graph
    for pass in passes {
      graph = try naming(pass.name) { () throws(GraphError) in
        let rewritten = try pass.apply(to: graph)
        #if DEBUG
          try rewritten.validate()
        #endif
        return rewritten
      }
    }
    return graph
  }

  /// Names the pass in the errors of its work.
  static func naming<Result>(_ pass: String, _ work: () throws(GraphError) -> Result) throws(GraphError) -> Result {
    do throws(GraphError) {
      return try work()
    } catch {
      var error = error
      error.pass = pass
      throw error
    }
  }
}
