import ModelGraph
import Optimizer
import Reference
import Runtime
import TestSupport
import Testing
import Threads

@Suite struct ExecutorTests {
  private static let pools = [1, 3].map { WorkerPool(threads: $0) }

  @Test(arguments: 0..<100)
  func `Random graphs of whole numbers give the reference's values bit for bit`(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(seed), values: .integers)
    let input = random.input()
    for graph in [random.graph, try Optimizer.optimize(random.graph)] {
      let expected = try ReferenceExecutor(graph).run(input)
      for set in InstructionSet.supported {
        for pool in Self.pools {
          let executor = Executor(plan: try Plan(graph, instructionSet: set, pool: pool), pool: pool)
          #expect(try executor.run(input) == expected, "\(set), \(pool.threads) threads")
          #expect(try executor.run(input) == expected, "\(set), \(pool.threads) threads, second run")
        }
      }
    }
  }

  /// Weights keep the size of values, so an error that enters at one node reaches the output about as large as it was: 2^-24
  /// of the largest value anywhere, for each node (the worst of these graphs comes to a third of this bound).
  @Test(arguments: 0..<100)
  func `Random graphs of floats give the reference's values but for rounding`(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(5000 + seed))
    let input = random.input()
    for graph in [random.graph, try Optimizer.optimize(random.graph)] {
      let all = try ReferenceExecutor(graph).values(for: input, of: Array(graph.nodes.indices))
      let expected = all[graph.nodes.count - 1]
      let largest = all.joined().reduce(1) { max($0, abs($1)) }
      let tolerance = Float(graph.nodes.count) * largest * 0x1p-24
      for set in InstructionSet.supported {
        let pool = Self.pools[1]
        let executor = Executor(plan: try Plan(graph, instructionSet: set, pool: pool), pool: pool)
        let found = try executor.runWithFeatures(input)
        let error = zip(found.output, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(found.output.count == expected.count && error <= tolerance, "\(set): error \(error) of \(tolerance)")
        if let node = graph.featureNode {
          let error = zip(found.features, all[node]).reduce(0) { max($0, abs($1.0 - $1.1)) }
          #expect(error <= tolerance, "\(set): error \(error) of \(tolerance) in the features")
        }
      }
    }
  }

  @Test func `A buffer of another size than the plan's is refused with both`() throws {
    var builder = GraphBuilder()
    try builder.append("input", .input(.map(height: 2, width: 3, channels: 1)))
    let pool = Self.pools[0]
    let executor = Executor(plan: try Plan(builder.graph, pool: pool), pool: pool)
    #expect(throws: ExecutorError.count(of: "input", found: 5, expected: .map(height: 2, width: 3, channels: 1))) {
      try executor.run([Float](repeating: 0, count: 5))
    }
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: 7)
    unsafe buffer.initialize(repeating: 0)
    defer { unsafe buffer.deallocate() }
    let input = unsafe UnsafeBufferPointer(rebasing: buffer[..<6])
    #expect(throws: ExecutorError.count(of: "output", found: 7, expected: .map(height: 2, width: 3, channels: 1))) {
      try unsafe executor.run(input, output: buffer)
    }
    let output = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<6])
    #expect(throws: ExecutorError.count(of: "features", found: 6, expected: nil)) {
      try unsafe executor.run(input, output: output, features: output)
    }
  }

  @Test func `An instruction set that is unknown or unsupported is refused with the list of those that are supported`()
    throws
  {
    #expect(try InstructionSet(named: nil) == InstructionSet.best)
    #expect(try InstructionSet(named: "") == InstructionSet.best)
    for set in InstructionSet.supported { #expect(try InstructionSet(named: set.rawValue) == set) }
    let unsupported = InstructionSet.allCases.filter { !InstructionSet.supported.contains($0) }.map(\.rawValue)
    for name in unsupported + ["avx9", "AVX2"] {
      let error = #expect(throws: UnsupportedInstructionSet.self) { try InstructionSet(named: name) }
      let list = InstructionSet.supported.map(\.rawValue).joined(separator: ", ")
      #expect(error?.description.contains("\"\(name)\"") == true)
      #expect(error?.description.contains(list) == true)
    }
  }
}
