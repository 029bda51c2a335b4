package import ModelGraph
import Optimizer
package import Runtime
internal import Threads
package import WeightFormat

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A network made ready to run: its graph optimized, its kernels chosen, its weights packed, with the threads that run it.
///
/// Everything that runs a network makes it ready here. Of a network whose packed weights a cache has, the optimized graph
/// comes from there too, and only the kernels are chosen.
package struct ReadyNetwork: Sendable {
  package struct Options: Sendable {
    /// The most threads of a call; nil means as many as this process may use.
    package var threads: Int?
    /// By name; nil means the one that the environment variable `XCEPTION_ISA` names, or else the best.
    package var instructionSet: String?
    /// Nil means that of the weights.
    package var precision: Precision?
    package var plan: PlanOptions
    /// Where packed weights of files are kept; nil means nowhere.
    package var cache: WeightCache?

    package init(
      threads: Int? = nil, instructionSet: String? = nil, precision: Precision? = nil,
      plan: PlanOptions = PlanOptions(),
      cache: WeightCache? = nil
    ) {
      self.threads = threads
      self.instructionSet = instructionSet
      self.precision = precision
      self.plan = plan
      self.cache = cache
    }
  }

  /// Where the time of making a network ready went.
  package struct Durations: Sendable {
    /// Rewriting the graph, and quantizing weights where int8 was asked for and they are not integers yet.
    package let optimize: Duration
    /// Inflating and packing the weights, or mapping and checking those that were packed before.
    package let plan: Duration
  }

  package let executor: Executor
  package let durations: Durations
  /// Whether the weights come from a cache.
  package let isFromCache: Bool
  /// What a cache does not have of it yet.
  let notKept: UnkeptWeights?

  package var plan: Plan { executor.plan }
  /// The most threads of a call.
  package var threads: Int { executor.pool.threads }

  /// The part of the threads that is for each of as many calls at the same time: with as many calls as threads each image is
  /// a core's own. Two cores classify 6 % more images that way than both on one image after the other, and none idles while
  /// another call decodes.
  package func threads(forEachOf calls: Int) -> Int { (threads + calls - 1) / calls }

  /// - Parameter graph: As it was trained or as it is stored.
  package init(_ graph: Graph, options: Options = Options()) throws(ReadyNetworkError) {
    try self.init(graph, of: nil, options)
  }

  /// - Parameter file: Where there is a cache among the options, it is looked up there.
  package init(of file: WeightFile, options: Options = Options()) throws(ReadyNetworkError) {
    try self.init(file.model.graph, of: file, options)
  }

  private init(_ graph: Graph, of file: WeightFile?, _ options: Options) throws(ReadyNetworkError) {
    if let threads = options.threads, threads < 1 { throw .threadCount(threads) }
    let instructionSet: InstructionSet
    do throws(UnsupportedInstructionSet) {
      instructionSet = try InstructionSet(named: options.instructionSet ?? Self.environmentInstructionSet)
    } catch {
      throw .instructionSet(error)
    }
    let pool = WorkerPool.shared(threads: options.threads)
    let clock = ContinuousClock()
    let start = clock.now
    let kept = CachedPlan(of: file, instructionSet, options, pool)
    if let plan = kept?.plan {
      executor = Executor(plan: plan, pool: pool)
      durations = Durations(optimize: .zero, plan: start.duration(to: clock.now))
      (isFromCache, notKept) = (true, nil)
      return
    }
    do {
      let start = clock.now
      let optimized = try Optimizer.optimize(graph, for: options.precision)
      let planned = clock.now
      let plan = try Plan(
        optimized, instructionSet: instructionSet, precision: options.precision, options: options.plan, pool: pool)
      graph.releaseMemory()
      executor = Executor(plan: plan, pool: pool)
      durations = Durations(optimize: start.duration(to: planned), plan: planned.duration(to: clock.now))
      isFromCache = false
      notKept = kept.flatMap { UnkeptWeights($0, optimized) }
    } catch let error as OutOfMemory {
      throw .outOfMemory(error)
    } catch {
      throw .model(ModelError(error))
    }
  }

  private static var environmentInstructionSet: String? { ProcessInfo.processInfo.environment["XCEPTION_ISA"] }
}

/// Why a network cannot be made ready to run.
package enum ReadyNetworkError: Error, Hashable, Sendable {
  case threadCount(Int)
  case instructionSet(UnsupportedInstructionSet)
  /// The graph is not valid, holds what cannot be run, or its weights cannot be read.
  case model(ModelError)
  case outOfMemory(OutOfMemory)
}

extension ReadyNetworkError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .threadCount(let count): "\(count) threads, expected at least 1"
    case .instructionSet(let error): error.description
    case .model(let error): error.description
    case .outOfMemory(let error): error.description
    }
  }
}
