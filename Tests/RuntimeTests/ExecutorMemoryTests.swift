import Architectures
import ModelGraph
import Optimizer
import TestSupport
import Testing
import Threads

@testable import Runtime

/// What a run reads and writes outside of its memory, or reads before it has written it.
@Suite struct ExecutorMemoryTests {
  /// Small networks with all kernels: random ones, and Xceptions with odd sides, Winograd's layer and a few wide layers.
  private static func networks(
    seed: Int, _ precision: Precision
  ) throws -> [(graph: Graph, input: [Float])] {
    let networks = try networks(seed: seed)
    return precision == .int8 ? try networks.map { (try $0.graph.withIntegerKernels(), $0.input) } : networks
  }

  private static func networks(seed: Int) throws -> [(graph: Graph, input: [Float])] {
    var random = try RandomGraph(seed: UInt64(9000 + seed), steps: 10)
    let input = random.input()
    var networks = [(random.graph, input), (try Optimizer.optimize(random.graph), input)]
    if seed % 5 == 0 {
      var network = XceptionNetwork()
      network.input = .map(height: 13 + seed, width: 20 + seed / 2, channels: [1, 3, 33][seed / 5 % 3])
      network.widthDivisor = 16
      network.top = .classifier(.init(classes: 10))
      var weights = RandomWeights(seed: UInt64(seed))
      let graph = try Optimizer.optimize(network.graph { weights.tensor($0, $1, $2) })
      networks.append((graph, weights.input(count: graph.inputShape.elementCount)))
    }
    if seed < 3 { networks.append(try large(seed: seed)) }
    return networks
  }

  /// A network whose blocks, tiles and rows of windows are full, so that each part of a run's memory is used to its end.
  private static func large(seed: Int) throws -> (graph: Graph, input: [Float]) {
    var builder = GraphBuilder()
    var weights = RandomWeights(seed: UInt64(seed))
    func convolution(_ name: String, _ size: Extent, _ outputs: Int) throws {
      let convolution = Convolution(window: Window(size: size), outputChannels: outputs)
      try builder.append(name, .convolution(convolution), [builder.graph.nodes.count - 1]) {
        weights.tensor(name, $0, $1)
      }
    }
    try builder.append("input", .input(.map(height: 5, width: 56, channels: [3, 65, 33][seed])))
    switch seed {
    case 0:
      try convolution("gathered", Extent(3), 32)
      try convolution("winograd", Extent(3), 33)
    case 1: try convolution("five", Extent(5), 33)
    default:
      try convolution("row", Extent(height: 1, width: 7), 34)
      try convolution("column", Extent(height: 7, width: 1), 33)
    }
    try convolution("narrow", Extent(1), 2)
    return (builder.graph, weights.input(count: builder.graph.inputShape.elementCount))
  }

  /// The defaults, or all that pays for large layers only.
  private static func options(_ isEager: Bool, _ tiling: WinogradTiling?) -> PlanOptions {
    var options = PlanOptions()
    options.winogradTiling = tiling
    if isEager {
      options.weighsWinograd = false
      options.turnMapBytes = 0
      options.strassenChannels = 1
      options.strassenPositions = 1
      options.strassenBytes = 0
    }
    return options
  }

  /// The caller's buffers, the packed weights and a run's memory each lie against a page that cannot be touched.
  @Test(arguments: 0..<30, AlignedMemory.End.allCases)
  func `Nothing outside the memory is touched`(seed: Int, end: AlignedMemory.End) throws {
    for precision in Precision.allCases { try expectNothingTouched(seed: seed, end, precision) }
    try expectNothingTouched(seed: seed, end, .int8, .six)
  }

  private func expectNothingTouched(
    seed: Int, _ end: AlignedMemory.End, _ precision: Precision, _ tiling: WinogradTiling? = nil
  ) throws {
    for (graph, values) in try Self.networks(seed: seed, precision) {
      for set in InstructionSet.supported {
        try AlignedMemory.$guardedEnd.withValue(end) {
          let pool = WorkerPool(threads: seed % 2 + 1)
          let plan = try Plan(
            graph, instructionSet: set, precision: precision, options: Self.options(seed % 3 == 0, tiling),
            pool: pool)
          let executor = Executor(plan: plan, pool: pool)
          let memory = try (
            input: AlignedMemory(byteCount: 4 * values.count),
            output: AlignedMemory(byteCount: 4 * plan.outputShape.elementCount),
            features: AlignedMemory(byteCount: 4 * (plan.featureShape?.elementCount ?? 0))
          )
          let input = unsafe memory.input.bytes.bindMemory(to: Float.self)
          _ = unsafe input.update(from: values)
          let output = unsafe memory.output.bytes.bindMemory(to: Float.self)
          let features = unsafe plan.featureShape == nil ? nil : memory.features.bytes.bindMemory(to: Float.self)
          for _ in 0..<2 { try unsafe executor.run(UnsafeBufferPointer(input), output: output, features: features) }
          #expect(unsafe output.allSatisfy { $0.isFinite })
        }
      }
    }
  }

  #if os(Linux) || os(macOS)
    @Test(arguments: AlignedMemory.End.allCases)
    func `A guarded page stops who touches it`(end: AlignedMemory.End) async throws {
      try AlignedMemory.$guardedEnd.withValue(end) {
        let memory = try AlignedMemory(byteCount: 20)
        unsafe memory.bytes.copyBytes(from: [UInt8](repeating: 1, count: 20))
        #expect(unsafe memory.bytes.allSatisfy { $0 == 1 })
      }
      switch end {
      case .start: await #expect(processExitsWith: .failure) { try Self.touch(-1, at: .start) }
      case .end: await #expect(processExitsWith: .failure) { try Self.touch(20, at: .end) }
      }
      await #expect(processExitsWith: .success) { try Self.touch(19, at: .end) }
    }

    private static func touch(_ offset: Int, at end: AlignedMemory.End) throws {
      try AlignedMemory.$guardedEnd.withValue(end) {
        let memory = try AlignedMemory(byteCount: 20)
        unsafe (memory.bytes.baseAddress! + offset).storeBytes(of: 1, as: UInt8.self)
      }
    }
  #endif

  /// Memory is kept from run to run, so every value that counts must have been written by the same run: borders too.
  @Test(arguments: 0..<30, [1, 3])
  func `A run depends on nothing that its memory held before, and writes to its parts only`(seed: Int, threads: Int)
    throws
  {
    for precision in Precision.allCases { try expectNothingRead(seed: seed, threads: threads, precision) }
    try expectNothingRead(seed: seed, threads: threads, .int8, .six)
  }

  private func expectNothingRead(
    seed: Int, threads: Int, _ precision: Precision, _ tiling: WinogradTiling? = nil
  ) throws {
    for (graph, values) in try Self.networks(seed: seed, precision) {
      for set in InstructionSet.supported {
        let pool = WorkerPool(threads: threads)
        let plan = try Plan(
          graph, instructionSet: set, precision: precision, options: Self.options(seed % 2 == 0, tiling), pool: pool)
        let expected = try Executor(plan: plan, pool: pool).run(values)
        let scratch = try Scratch(for: plan, members: threads)
        let parts = unsafe Self.parts(of: scratch, plan, members: threads)
        for index in unsafe parts.indices {
          let part = unsafe parts[index]
          unsafe part.start.update(repeating: Self.poison, count: Self.padded(part.count))
        }
        var output = [Float](repeating: 0, count: expected.count)
        unsafe values.withUnsafeBufferPointer { input in
          unsafe output.withUnsafeMutableBufferPointer { output in
            let call = unsafe PlanRun(
              plan: plan, scratch: scratch, input: BoundedPointer(constants: input), output: BoundedPointer(output),
              features: nil, cancellation: nil, times: nil)
            pool.run(call)
          }
        }
        #expect(output.map(\.bitPattern) == expected.map(\.bitPattern), "\(set)")
        for index in unsafe parts.indices {
          let part = unsafe parts[index]
          let behind = unsafe UnsafeBufferPointer(
            start: part.start + part.count, count: Self.padded(part.count) - part.count)
          #expect(unsafe behind.allSatisfy { $0.bitPattern == Self.poison.bitPattern }, "\(set), part \(index)")
        }
      }
    }
  }

  /// A NaN that no kernel makes.
  private static let poison = Float(bitPattern: 0x7fc0_dead)

  /// The parts of a run's memory lie on whole pages: behind each is some that nobody may write to.
  private static func parts(
    of scratch: Scratch, _ plan: Plan, members: Int
  ) -> [(start: UnsafeMutablePointer<Float>, count: Int)] {
    let needs = plan.memberMemory
    var parts = [(scratch.arena, plan.arenaWords)]
    for index in 0..<members {
      let member = scratch[index].scratch
      parts += [
        (member.rowPanel, needs.rowPanel), (member.line, needs.line), (member.rows, needs.rows),
        (member.bytes, needs.bytes), (member.tileSums, needs.tileSums),
      ]
    }
    return unsafe parts.map { unsafe (start: $0.0.writing($0.1), count: $0.1) }
  }

  private static func padded(_ words: Int) -> Int { Scratch.padded(words) }
}
