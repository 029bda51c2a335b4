import Kernels
import ModelGraph
import Synchronization
import Threads

/// Runs a plan. Any number of threads may call it at once.
package final class Executor: Sendable {
  package let plan: Plan
  package let pool: WorkerPool
  private let scratches = ScratchPool()

  package init(plan: Plan, pool: WorkerPool) {
    self.plan = plan
    self.pool = pool
  }

  /// Computes the network's output.
  ///
  /// The result depends on the plan only (its instruction set, its precision and whether it multiplies bf16 numbers, which
  /// the processor's model or an option decides), not on the number of threads, bit for bit.
  ///
  /// - Parameters:
  ///   - input: As many values as `plan.inputShape` has, height by width by channels.
  ///   - output: Room for as many values as `plan.outputShape` has.
  ///   - features: Room for the value that enters the classifier, of `plan.featureShape`, or nil.
  ///   - map: Room for the last map before pooling, of `plan.mapShape`, or nil.
  ///   - threads: The most threads to use. Threads that other programs delay cost nothing but their share of the work.
  ///   - cancellation: Checked after each stage.
  ///   - times: Records the times of the stages.
  package func run(
    _ input: UnsafeBufferPointer<Float>, output: UnsafeMutableBufferPointer<Float>,
    features: UnsafeMutableBufferPointer<Float>? = nil, map: UnsafeMutableBufferPointer<Float>? = nil,
    threads: Int = .max, cancellation: Cancellation? = nil, times: RunTimes? = nil
  ) throws(ExecutorError) {
    guard input.count == plan.inputShape.elementCount else {
      throw unsafe .count(of: "input", found: input.count, expected: plan.inputShape)
    }
    guard output.count == plan.outputShape.elementCount else {
      throw unsafe .count(of: "output", found: output.count, expected: plan.outputShape)
    }
    if let features = unsafe features, features.count != plan.featureShape?.elementCount {
      throw unsafe .count(of: "features", found: features.count, expected: plan.featureShape)
    }
    if let map = unsafe map, map.count != plan.mapShape?.elementCount {
      throw unsafe .count(of: "map", found: map.count, expected: plan.mapShape)
    }
    let scratch: Scratch
    do { scratch = try scratches.take(for: plan, members: pool.threads) } catch { throw .outOfMemory(error) }
    defer { scratches.give(back: scratch) }
    let call = unsafe PlanRun(
      plan: plan, scratch: scratch, input: BoundedPointer(constants: input), output: BoundedPointer(output),
      features: features.map { unsafe BoundedPointer($0) }, map: map.map { unsafe BoundedPointer($0) },
      cancellation: cancellation, times: times)
    pool.run(call, maximum: min(threads, pool.threads))
    if scratch.isCancelled[0] { throw .cancelled }
  }

  /// Computes the network's output for values in an array.
  package func run(
    _ input: [Float], threads: Int = .max, cancellation: Cancellation? = nil
  ) throws(ExecutorError) -> [Float] {
    try runWithFeatures(input, threads: threads, cancellation: cancellation).output
  }

  /// Computes the network's output and the values that enter the classifier, which are empty without a dense layer.
  package func runWithFeatures(
    _ input: [Float], threads: Int = .max, cancellation: Cancellation? = nil
  ) throws(ExecutorError) -> (output: [Float], features: [Float]) {
    let (output, features, _) = try run(input, copiesMap: false, threads: threads, cancellation: cancellation)
    return (output, features)
  }

  /// The same and, where `copiesMap` is set, the last map before pooling, which is empty where the network does not end
  /// that way.
  package func run(
    _ input: [Float], copiesMap: Bool, threads: Int = .max, cancellation: Cancellation? = nil
  ) throws(ExecutorError) -> (output: [Float], features: [Float], map: [Float]) {
    var output = [Float](repeating: 0, count: plan.outputShape.elementCount)
    var features = [Float](repeating: 0, count: plan.featureShape?.elementCount ?? 0)
    let hasMap = copiesMap && plan.mapShape != nil
    var map = [Float](repeating: 0, count: hasMap ? plan.mapShape?.elementCount ?? 0 : 0)
    try unsafe input.withUnsafeBufferPointer { input throws(ExecutorError) in
      try unsafe output.withUnsafeMutableBufferPointer { output throws(ExecutorError) in
        try unsafe features.withUnsafeMutableBufferPointer { features throws(ExecutorError) in
          try unsafe map.withUnsafeMutableBufferPointer { map throws(ExecutorError) in
            try unsafe run(
              input, output: output, features: plan.featureShape == nil ? nil : features, map: hasMap ? map : nil,
              threads: threads, cancellation: cancellation)
          }
        }
      }
    }
    return (output, features, map)
  }
}

/// Asks a run to stop, which it does after its current stage.
package final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  package init() {}

  package func cancel() { flag.store(true, ordering: .relaxed) }

  package var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

package enum ExecutorError: Error, Hashable, CustomStringConvertible {
  case count(of: String, found: Int, expected: Shape?)
  case outOfMemory(OutOfMemory)
  case cancelled

  package var description: String {
    switch self {
    case .count(let name, let found, let expected):
      "the \(name) has room for \(found) values, expected \(expected.map { "\($0.elementCount) (\($0))" } ?? "none")"
    case .outOfMemory(let error): error.description
    case .cancelled: "the run was cancelled"
    }
  }
}
