import Kernels
import ModelGraph
import Runtime
import Xception

/// A network that is ready to run, and what each caller needs to run it.
@safe struct Engine {
  let network: ReadyNetwork
  /// The multiply-adds of the network as it is defined; fast algorithms may need fewer.
  let multiplyAdds: Int
  private let input: UnsafeBufferPointer<Float>
  private let outputs: [UnsafeMutableBufferPointer<Float>]

  /// - Parameter callers: How many threads call `run` at the same time.
  init(_ graph: Graph, options: ReadyNetwork.Options, callers: Int) throws {
    network = try ReadyNetwork(graph, options: options)
    multiplyAdds = graph.multiplyAdds
    let values = Metadata.Golden.input(seed: 1, count: graph.inputShape.elementCount)
    let input = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
    _ = unsafe input.initialize(from: values)
    unsafe self.input = UnsafeBufferPointer(input)
    unsafe outputs = (0..<callers).map { _ in
      let output = UnsafeMutableBufferPointer<Float>.allocate(capacity: graph.outputShape.elementCount)
      unsafe output.initialize(repeating: 0)
      return unsafe output
    }
  }

  // The buffers last as long as the process, which makes one engine.

  /// Runs the network once, on all threads unless told otherwise; `caller` is below the number of callers.
  func run(caller: Int, threads: Int = .max, times: RunTimes? = nil) throws {
    try unsafe network.executor.run(input, output: outputs[caller], threads: threads, times: times)
  }

  /// Runs the network `runs` times, noting when each stage ended, and measures the peaks before and after.
  func stageTimes(runs: Int) throws -> StageTimes {
    let plan = network.plan
    let times = RunTimes(for: plan)
    var stages = plan.stageDescriptions.map { stage in
      StageTimes.TimedStage(
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
    let arithmetics = Set(network.plan.stageDescriptions.flatMap(\.multiplyAddsByArithmetic.keys))
    return arithmetics.reduce(into: [:]) { peaks, arithmetic in
      peaks[arithmetic.name] = PeakRate.gigaflops(
        of: network.plan.instructionSet, arithmetic, pool: network.executor.pool, threads: network.threads)
    }
  }
}
