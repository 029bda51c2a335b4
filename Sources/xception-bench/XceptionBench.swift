import ArgumentParser
import CommandSupport
import ModelGraph
import Threads
import WeightFormat
import Xception

@main
struct XceptionBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xception-bench",
    abstract: "Times how long a network takes.",
    discussion: """
      Prints how long loading, the first run and the other runs took. A run classifies one image, or --batch images one \
      after the other, on --threads threads; --streams callers run at the same time and share the threads.

      The times of --profile are medians of all runs. The share of the peak relates them to the multiply-adds that the \
      same threads reach on registers alone in the same arithmetic, measured before and after.

      --disturb times three kinds of runs instead: on one thread, on all, and on all while a busy loop runs on each of some \
      processors, as another program would.
      """,
    version: runtimeVersion)

  @Argument(
    help:
      "The weights file (.xcw), or the name of an installed model; or random, an Xception, or random:NAME, another network, with random weights, which take as long.",
    completion: .file(extensions: ["xcw"])
  )
  var model: String
  @OptionGroup var running: RunArguments
  @Option(help: "How many runs of each caller are timed.") var runs = 20
  @Option(help: "How many images a run classifies.") var batch = 1
  @Option(help: "How many callers run the network at the same time.") var streams = 1
  @Option(help: ArgumentHelp("Run the network at this input size instead of the model's.", valueName: "n|WxH"))
  var size: InputSize?
  @Option(help: ArgumentHelp("Time runs beside busy loops on so many processors.", valueName: "processors"))
  var disturb: Int?
  @Flag(help: "End with one JSON object on one line instead of the table.") var json = false
  @Flag(help: "Print how long each step of the network takes.") var profile = false
  @Option(
    help: ArgumentHelp("Write the steps of the median run as a Chrome trace.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var trace: String?

  static func main() { runAndExit() }

  func validate() throws {
    for (name, value, limit) in [("runs", runs, 1_000_000), ("batch", batch, 1024), ("streams", streams, 256)] {
      guard (1...limit).contains(value) else {
        throw ValidationError("--\(name) is \(value), expected 1 to \(limit)")
      }
    }
    guard let disturb else { return }
    guard (1...ProcessorCount.allowed).contains(disturb) else {
      throw ValidationError("--disturb is \(disturb), expected 1 to the \(ProcessorCount.allowed) processors there are")
    }
    for (name, isGiven) in [
      ("batch", batch != 1), ("streams", streams != 1), ("profile", profile), ("trace", trace != nil),
    ] where isGiven {
      throw ValidationError("--disturb and --\(name) exclude each other")
    }
  }

  func run() throws { try reportingErrors(as: "xception-bench", benchmark) }

  private func benchmark() throws {
    if let trace { try OutputFile.check(trace, notOf: [(try? InstalledModels().path(meantBy: model)) ?? model]) }
    // Making random weights takes longer than loading any, and is no part of it.
    let random = try RandomModel.graph(of: model)
    let clock = ContinuousClock()
    let start = clock.now
    let engine = try load(random)
    let loading = start.duration(to: clock.now)

    if let disturb { return try report(engine, besideBusy: disturb) }
    let result = try Benchmark(runs: runs, batch: batch, streams: streams).measure(engine)
    let stages = profile || trace != nil ? try engine.stageTimes(runs: runs) : nil
    if profile, let stages { print(stages.table(), terminator: "\n\n") }
    let report = report(engine, loading, result, peakGigaflops: stages?.peakGigaflops)
    print(json ? try report.json() : report.text.printableLines)
    if let trace, let stages { try OutputFile.save(Array(Trace(stages).json()), to: trace) }
  }

  private func report(_ engine: Engine, besideBusy processors: Int) throws {
    let result = try Disturbance(runs: runs, processors: processors).measure(engine)
    let plan = engine.network.plan
    let report = DisturbanceReport(
      model: model, input: plan.inputShape.description, isa: plan.instructionSet.rawValue,
      precision: plan.precision.rawValue, threads: engine.network.threads, runs: runs, disturbedProcessors: processors,
      alone: .init(result.alone), quiet: .init(result.quiet), disturbed: .init(result.disturbed))
    print(json ? try report.json() : report.text.printableLines)
  }

  private func load(_ random: Graph?) throws -> Engine {
    var graph = try random ?? WeightFile(contentsOf: InstalledModels().path(meantBy: model)).model.graph
    if let size { graph = try graph.resized(to: size.extent) }
    return try Engine(graph, options: ReadyNetwork.Options(running.options), callers: streams)
  }

  private func report(
    _ engine: Engine, _ loading: Duration, _ result: Benchmark.Result, peakGigaflops: Double?
  ) -> BenchmarkReport {
    let plan = engine.network.plan
    return BenchmarkReport(
      model: model, input: plan.inputShape.description, isa: plan.instructionSet.rawValue,
      precision: plan.precision.rawValue,
      multipliesBFloat16: plan.precision == .bfloat16 ? plan.multipliesBFloat16 : nil, threads: engine.network.threads,
      runs: runs, batch: batch, streams: streams,
      loadMilliseconds: loading.milliseconds,
      firstMilliseconds: result.firstMilliseconds, minimumMilliseconds: result.durations.minimum,
      medianMilliseconds: result.durations.median, percentile90Milliseconds: result.durations.percentile(90),
      percentile99Milliseconds: result.durations.percentile(99), imagesPerSecond: result.imagesPerSecond,
      peakResidentMegabytes: peakResidentMegabytes(), arenaMegabytes: Double(plan.arenaByteCount) / 0x1p20,
      weightMegabytes: Double(plan.weightByteCount) / 0x1p20, multiplyAdds: engine.multiplyAdds,
      peakGigaflops: peakGigaflops)
  }
}
