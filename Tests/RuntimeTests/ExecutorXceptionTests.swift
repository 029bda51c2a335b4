import Architectures
import ModelGraph
import Optimizer
import Reference
import Runtime
import TestSupport
import Testing
import Threads

@Suite("Xception and its variants on the executor")
struct ExecutorXceptionTests {
  private static let pool = WorkerPool(threads: 3)

  private static func small(_ change: (inout XceptionNetwork) -> Void) -> XceptionNetwork {
    var network = XceptionNetwork()
    network.input = .map(height: 37, width: 37, channels: 3)
    network.widthDivisor = 32
    network.top = .classifier(.init(classes: 10))
    change(&network)
    return network
  }

  static let variants: [(name: String, network: XceptionNetwork)] = [
    ("71 x 71", small { $0.input = .map(height: 71, width: 71, channels: 3) }),
    ("96 x 80", small { $0.input = .map(height: 96, width: 80, channels: 3) }),
    ("37 x 38", small { $0.input = .map(height: 37, width: 38, channels: 3) }),
    ("8 x 7", small { $0.input = .map(height: 8, width: 7, channels: 3) }),
    ("one channel", small { $0.input = .map(height: 33, width: 40, channels: 1) }),
    (
      "Winograd's widths",
      small {
        $0.widthDivisor = 16
        $0.input = .map(height: 20, width: 23, channels: 33)
      }
    ),
    (
      "wider",
      small {
        $0.widthDivisor = 8
        $0.input = .map(height: 24, width: 31, channels: 3)
      }
    ),
    ("no top", small { $0.top = .none }),
    ("pooled", small { $0.top = .pooled }),
    ("JFT", small { $0.top = .classifier(.init(classes: 17, fullyConnected: [40, 40], output: .sigmoid)) }),
    ("logits", small { $0.top = .classifier(.init(classes: 6, output: .logits)) }),
    ("middle ReLU", small { $0.middleActivation = .relu }),
    ("middle ELU", small { $0.middleActivation = .elu(alpha: 1) }),
    ("no residuals", small { $0.hasResiduals = false }),
    ("extreme Inception", small { $0.order = .pointwiseFirst }),
    ("two segments", small { $0.segments = 2 }),
    ("one segment", small { $0.segments = 1 }),
  ]

  /// Errors of single sums are within their bounds (KernelsTests); here they add up over the whole network, to at most 3.6e-7
  /// of the largest value.
  @Test(arguments: variants.indices) func `Gives the reference's values`(index: Int) throws {
    let (name, network) = Self.variants[index]
    var weights = RandomWeights(seed: UInt64(index))
    let graph = try network.graph { weights.tensor($0, $1, $2) }
    let input = weights.input(count: graph.inputShape.elementCount)
    let features = graph.featureNode
    let expected = try ReferenceExecutor(graph).values(
      for: input, of: [graph.nodes.count - 1] + (features.map { [$0] } ?? []))
    let optimized = try Optimizer.optimize(graph)
    for set in InstructionSet.supported {
      let executor = Executor(plan: try Plan(optimized, instructionSet: set, pool: Self.pool), pool: Self.pool)
      let found = try executor.runWithFeatures(input)
      expectNear(found.output, expected[0], "\(name), \(set)")
      if features != nil { expectNear(found.features, expected[1], "\(name), \(set), features") }
    }
  }

  /// Each step of these networks has few channels, so roundings weigh more than in the real ones.
  @Test(arguments: variants.indices) func `Keeps the features in every precision`(index: Int) throws {
    let (name, network) = Self.variants[index]
    var weights = RandomWeights(seed: UInt64(index))
    let graph = try Optimizer.optimize(network.graph { weights.tensor($0, $1, $2) })
    let input = weights.input(count: graph.inputShape.elementCount)
    let expected = try ReferenceExecutor(graph).values(for: input, of: [graph.featureNode ?? graph.nodes.count - 1])[0]
    let quantized = try Quantizer.quantize(graph).graph
    for set in InstructionSet.supported {
      for (precision, least) in [(Precision.bfloat16, 0.9995), (.int8, 0.998)] {
        let plan = try Plan(
          precision == .int8 ? quantized : graph, instructionSet: set, precision: precision, pool: Self.pool)
        let found = try Executor(plan: plan, pool: Self.pool).runWithFeatures(input)
        let cosine = cosine(found.features.isEmpty ? found.output : found.features, expected)
        #expect(cosine >= least, "\(name), \(set), \(precision)")
      }
    }
  }

  private func cosine(_ first: [Float], _ second: [Float]) -> Double {
    func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    return product(first, second) / (product(first, first) * product(second, second)).squareRoot()
  }

  private func expectNear(_ found: [Float], _ expected: [Float], _ what: String) {
    let largest = expected.reduce(1e-3) { max($0, abs($1)) }
    let error = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
    #expect(found.count == expected.count && error < 1e-6, "\(what): error \(error)")
  }
}
