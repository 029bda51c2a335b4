import Kernels
import ModelGraph
import Optimizer
import Runtime
import Threads
import WeightFormat

/// A network that is ready to run, and what each caller needs to run it.
struct Engine {
  let executor: Executor
  let threads: Int
  /// The multiply-adds of the network as it is defined; fast algorithms may need fewer.
  let multiplyAdds: Int
  private let input: UnsafeBufferPointer<Float>
  private let outputs: [UnsafeMutableBufferPointer<Float>]

  /// - Parameter callers: How many threads call `run` at the same time.
  init(graph: Graph, precision: Precision?, instructionSet: InstructionSet, threads: Int?, callers: Int) throws {
    let pool = WorkerPool.shared(threads: threads)
    self.threads = pool.threads
    multiplyAdds = graph.multiplyAdds
    let plan = try Plan(
      Optimizer.optimize(graph, for: precision), instructionSet: instructionSet, precision: precision, pool: pool)
    executor = Executor(plan: plan, pool: pool)
    let values = Metadata.Golden.input(seed: 1, count: graph.inputShape.elementCount)
    let input = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
    _ = input.initialize(from: values)
    self.input = UnsafeBufferPointer(input)
    outputs = (0..<callers).map { _ in
      let output = UnsafeMutableBufferPointer<Float>.allocate(capacity: graph.outputShape.elementCount)
      output.initialize(repeating: 0)
      return output
    }
  }

  // The buffers last as long as the process, which makes one engine.

  /// Runs the network once; `caller` is below the number of callers.
  func run(caller: Int, times: RunTimes? = nil) throws {
    try executor.run(input, output: outputs[caller], threads: threads, times: times)
  }

  /// Runs the network `runs` times, noting when each stage ended, and measures the peaks before and after.
  func stageTimes(runs: Int) throws -> StageTimes {
    let plan = executor.plan
    let times = RunTimes(for: plan)
    var stages = plan.stageDescriptions.map { stage in
      StageTimes.Stage(
        name: stage.name, kernel: stage.kernel, shape: stage.shape,
        multiplyAdds: stage.multiplyAddsByArithmetic.reduce(into: [:]) { $0[$1.key.name] = $1.value }, spans: [])
    }
    let before = peaks()
    for _ in 0..<runs {
      try run(caller: 0, times: times)
      let times = times.times.map { Double($0 - times.times[0]) / 1e6 }
      for index in stages.indices { stages[index].spans.append((times[index], times[index + 1])) }
    }
    return StageTimes(stages: stages, peaks: before.merging(peaks(), uniquingKeysWith: max))
  }

  /// Of each arithmetic that the network runs in, by name.
  private func peaks() -> [String: Double] {
    let arithmetics = Set(executor.plan.stageDescriptions.flatMap(\.multiplyAddsByArithmetic.keys))
    return arithmetics.reduce(into: [:]) { peaks, arithmetic in
      peaks[arithmetic.name] = PeakRate.gigaflops(
        of: executor.plan.instructionSet, arithmetic, pool: executor.pool, threads: threads)
    }
  }
}
