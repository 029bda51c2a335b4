import ModelGraph
import Reference
import Runtime
import TestSupport
import Testing
import Threads

/// How near the executor's values must be to the reference's.
enum Agreement {
  /// Bit for bit, for whole numbers whose sums stay below 2^24.
  case exact
  /// For whole numbers that are added in other units than their own: within a sixteenth, where any wrong term is a whole.
  case whole
  /// Within `ErrorBound` of the graph.
  case rounded
}

/// A pool with more threads than most test machines have processors, so that the members' shares are uneven and small.
let testPool = WorkerPool(threads: 3)

/// Expects every supported instruction set to compute what the scalar reference computes, alone and in a team of three.
///
/// - Returns: The largest error as a part of its bound.
@discardableResult
func expectReference(
  _ graph: Graph, for input: [Float], _ agreement: Agreement, options: PlanOptions = PlanOptions(),
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> Float {
  let expected = try ReferenceExecutor(graph).run(input)
  let bounds: [Float]? =
    switch agreement {
    case .exact: nil
    case .whole: expected.map { _ in 1 / 16 }
    case .rounded: try ErrorBound.values(of: graph, for: input)
    }
  var largest: Float = 0
  for set in InstructionSet.supported {
    let executor = Executor(
      plan: try Plan(graph, instructionSet: set, options: options, pool: testPool), pool: testPool)
    for threads in [1, 3] {
      let found = try executor.run(input, threads: threads)
      guard found.count == expected.count else {
        Issue.record("\(set): \(found.count) values, expected \(expected.count)", sourceLocation: sourceLocation)
        continue
      }
      let wrong = found.indices.first { index in
        let error = abs(found[index] - expected[index])
        guard let bounds else { return found[index] != expected[index] }
        if error.isFinite { largest = max(largest, error / bounds[index]) }
        return !(error <= bounds[index])
      }
      if let wrong {
        Issue.record(
          """
          \(set), \(threads) threads: value \(wrong) of \(found.count) is \(found[wrong]), expected \(expected[wrong]) \
          within \(bounds?[wrong] ?? 0) in
          \(graph.nodes.map { "\($0.name) \($0.shape) \($0.operation)" }.joined(separator: "\n"))
          """, sourceLocation: sourceLocation)
      }
    }
  }
  return largest
}
