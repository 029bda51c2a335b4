import ModelGraph
import Optimizer
import Reference
import Runtime
import TestSupport
import Threads

@testable import WeightFormat

/// A network that runs in every precision with one thread and with two, beside the plain loops of the reference.
struct NetworkTarget: FuzzTarget {
  private let one = WorkerPool.shared(threads: 1)
  private let two = WorkerPool.shared(threads: 2)

  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    let bytes = unsafe [UInt8](bytes)
    guard let graph = NetworkRecipe.graph(of: bytes) else { return .foreign }
    let set = InstructionSet.supported[Int(bytes[6]) % InstructionSet.supported.count]
    if bytes[7] & 3 == 0 { checkFile(graph) }
    let input = Metadata.Golden.input(seed: UInt64(bytes[3]), count: graph.inputShape.elementCount)
    let expectation = try! NetworkExpectation(graph, input: input)
    var outcome = FuzzOutcome.refused
    for precision in [Precision?.none, .float32, .bfloat16, .int8] {
      guard let output = output(of: graph, precision, set, input, sharing: bytes[7] & 12 == 0) else { continue }
      outcome = .accepted
      expectation.check(output, in: precision ?? graph.precision, "\(precision.map { "\($0)" } ?? "own") on \(set)")
    }
    return outcome
  }

  /// Nil where the network cannot be run in a precision, which is an error of its own.
  ///
  /// - Parameter isShared: Whether two threads run it, too; their meetings take longer than all else.
  private func output(
    of graph: Graph, _ precision: Precision?, _ set: InstructionSet, _ input: [Float], sharing isShared: Bool
  ) -> [Float]? {
    do {
      let optimized = try Optimizer.optimize(graph, for: precision)
      let plan = try Plan(optimized, instructionSet: set, precision: precision, pool: one)
      let output = try Executor(plan: plan, pool: one).run(input)
      guard isShared else { return output }
      let shared = try Executor(plan: plan, pool: two).run(input)
      guard output.map(\.bitPattern) == shared.map(\.bitPattern) else {
        defect("\(precision.map { "\($0)" } ?? "own") on \(set): two threads give other bits than one")
      }
      return output
    } catch {
      return nil
    }
  }

  /// What is written of the network must be read as the same network.
  private func checkFile(_ graph: Graph) {
    var metadata = Metadata(architecture: "fuzz", preprocessing: .keras, output: .classLogits, converter: "fuzz")
    let channels = graph.inputShape.channels
    metadata.preprocessing.mean = Array(repeating: 1, count: channels)
    metadata.preprocessing.standardDeviation = metadata.preprocessing.mean
    do throws(WeightFormatError) {
      for profile in WeightFile.StorageProfile.allCases {
        let bytes = try WeightFile.bytes(of: Model(graph: graph, metadata: metadata), profile: profile)
        let again = try WeightFile.bytes(of: WeightFile(bytes: bytes).model, profile: profile)
        guard bytes == again else { defect("what was written is written differently") }
      }
    } catch {
      guard channels != 3 else { defect("a valid network cannot be written: \(error)") }
    }
  }

  /// A whole step is changed, moved, removed or repeated as often as a number of it.
  func mutated(_ bytes: [UInt8], _ random: inout FuzzRandom) -> [UInt8]? {
    let length = NetworkRecipe.stepLength
    var steps = stride(from: 0, to: bytes.count, by: length).map { start in
      Array((bytes[start..<min(bytes.count, start + length)] + [UInt8](repeating: 0, count: length)).prefix(length))
    }
    func step() -> [UInt8] { (0..<length).map { _ in UInt8(random.below(256)) } }
    if steps.count < 2 { steps = [step(), step(), step()] }
    let place = 1 + random.below(steps.count - 1)
    switch random.below(8) {
    case 0 where steps.count > 2: steps.remove(at: place)
    case 1: steps.insert(step(), at: place)
    case 2: steps.insert(step(), at: steps.count)
    case 3: steps.insert(steps[place], at: 1 + random.below(steps.count))
    case 4: steps.swapAt(place, 1 + random.below(steps.count - 1))
    case 5: steps[0][random.below(length)] = UInt8(random.below(256))
    default: steps[place][random.below(length)] = UInt8(random.below(256))
    }
    return Array(steps.joined())
  }
}

/// What a network gives in plain loops, and how far from that rounding may lead.
///
/// That is measured: the reference runs again with noise as large as rounding added to each node's value.
private struct NetworkExpectation {
  private let graph: Graph
  private let input: [Float]
  private let values: [[Float]]
  private var output: [Float] { values[values.count - 1] }

  init(_ graph: Graph, input: [Float]) throws {
    self.graph = graph
    self.input = input
    values = try ReferenceExecutor(graph).values(for: input, of: Array(graph.nodes.indices))
  }

  /// Whether all values, on the way too, are such that no precision loses them, and no function jumps or ends there.
  private var isModerate: Bool {
    func jumps(_ activation: Activation) -> Bool {
      // Rounding may lead below zero, where a root or a logarithm is no number.
      if case .threshold = activation { true } else { !activation.isDefinedBelowZero }
    }
    let jumps = graph.nodes.contains { node in
      switch node.operation {
      // Keras's sparsemax jumps where one more value supports its threshold.
      case .binary(.quotient), .sparsemax: true
      // Of one channel, unit normalization leaves the sign.
      case .unitNormalization: node.shape.channels == 1
      case .activation(let activation): jumps(activation)
      case .separableConvolution(let separable): jumps(separable.inputActivation) || jumps(separable.middleActivation)
      default: false
      }
    }
    return !jumps && values.allSatisfy { $0.allSatisfy { $0.isFinite && $0.magnitude < 1e15 } }
  }

  func check(_ found: [Float], in precision: Precision, _ name: String) {
    guard isModerate else { return }
    guard found.allSatisfy(\.isFinite) else { fail("\(name): not finite", found) }
    let largest = output.reduce(Float(0)) { max($0, $1.magnitude) }
    let error = Self.difference(found, output)
    let noise: Float =
      switch precision {
      case .float32: 0x1p-20
      case .bfloat16: 0x1p-8
      case .int8: 0x1p-6
      }
    // Most differ by less than this, and the noise need not be measured.
    guard error > 16 * noise * largest, error > 1e-6 else { return }
    let spread = (1...4).reduce(Float(0)) { spread, seed in
      guard let noisy = try? self.noisy(noise, seed: UInt64(seed)) else { return .infinity }
      return max(spread, Self.difference(noisy, output))
    }
    guard error <= 16 * spread else {
      fail("\(name): differs by \(error) of \(largest), noise by \(spread)", found)
    }
  }

  private func fail(_ message: String, _ found: [Float]) -> Never {
    let nodes = graph.nodes.map { "\($0.name): \($0.operation) of \($0.inputs), \($0.shape)" }
    defect(
      """
      \(message)
      found \(found.prefix(12)), expected \(output.prefix(12))
      \(nodes.joined(separator: "\n"))
      """)
  }

  private static func difference(_ first: [Float], _ second: [Float]) -> Float {
    zip(first, second).reduce(0) { largest, pair in
      let difference = (pair.0 - pair.1).magnitude
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }

  /// The output with noise added to each node's value, of its own size and a part of the largest one's.
  private func noisy(_ noise: Float, seed: UInt64) throws -> [Float] {
    var random = SplitMix64(seed: seed)
    var builder = GraphBuilder()
    var places: [Int] = []
    for (index, node) in graph.nodes.enumerated() {
      var parameters = node.parameters[...]
      let place = try builder.append(node.name, node.operation, node.inputs.map { places[$0] }) { _, _ in
        graph.tensors[parameters.removeFirst()]
      }
      let largest = values[index].reduce(Float(0)) { max($0, $1.magnitude) }
      // Functions of exponentials are as exact as their values near 1 are, however small they become.
      let least: Float = if case .activation = node.operation { noise } else { 0 }
      let added = values[index].map { value in
        Float.random(in: -1...1, using: &random) * (noise * (value.magnitude + largest) + least)
      }
      let constant = try builder.append("\(node.name) noise", .constant(node.shape), []) { _, dimensions in
        Tensor(name: "\(node.name) noise", dimensions: dimensions, values: added)
      }
      places.append(try builder.append("\(node.name) noisy", .add, [place, constant]))
    }
    return try ReferenceExecutor(builder.graph).run(input)
  }
}
