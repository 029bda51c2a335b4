import Kernels
import ModelGraph
import Runtime
import TestSupport
import Testing

/// Every activation on every instruction set against its definition in double precision.
@Suite struct ActivationTests {
  private static func results(_ set: InstructionSet, _ activation: Activation, _ values: [Float]) throws -> [Float] {
    let kernels = set.kernels
    let width = kernels.panelWidth
    let padded = values + [Float](repeating: 1, count: (width - values.count % width) % width)
    let line = try GuardedFloats(padded)
    unsafe kernels.activate(ElementwiseRun(input: line.start, output: line.start, count: line.count), activation)
    return Array(line.values[..<values.count])
  }

  @Test(arguments: InstructionSet.supported, ActivationBound.functions)
  func `A function is within its bound from one end of the range to the other`(
    set: InstructionSet, activation: Activation
  ) throws {
    let found = try Self.results(set, activation, ActivationBound.arguments)
    var worst = 0.0
    for (x, value) in zip(ActivationBound.arguments, found) {
      let expected = activation(Double(x))
      if expected.isNaN || abs(expected) >= 0x1.ffffffp+127 {
        #expect(expected.isNaN ? value.isNaN : value == Float(expected), "\(activation) of \(x) is \(value)")
        continue
      }
      let error = abs(Double(value) - expected) / ActivationBound.of(activation, expected)
      if !(error <= worst) { worst = error }
      if !(error <= 1) {
        Issue.record("\(activation) of \(x) is \(value), expected \(expected): \(error) of its bound")
        return
      }
    }
  }

  @Test(arguments: InstructionSet.supported, ActivationBound.functions)
  func `A NaN stays one, and infinities give what the definition gives`(
    set: InstructionSet, activation: Activation
  ) throws {
    let nans = [.nan, -.nan, .signalingNaN, Float(bitPattern: 0x7f80_0001), Float(bitPattern: 0xffff_ffff)]
    #expect(try Self.results(set, activation, nans).allSatisfy(\.isNaN), "\(activation)")
    let ends: [Float] = [.infinity, -.infinity, 0, -0.0]
    for (x, value) in zip(ends, try Self.results(set, activation, ends)) {
      let expected = Float(activation(Double(x)))
      let isEqual = expected.isFinite ? abs(value - expected) <= 0x1p-23 * max(1, abs(expected)) : value == expected
      #expect(expected.isNaN ? value.isNaN : isEqual, "\(activation) of \(x) is \(value), expected \(expected)")
    }
  }

  /// Below zero the value is what is left of two that nearly cancel.
  @Test(arguments: InstructionSet.supported)
  func `The smallest values of a gaussian unit keep their digits`(set: InstructionSet) throws {
    let arguments = (0...1000).map { -Float($0) / 100 }
    for (x, value) in zip(arguments, try Self.results(set, .gelu, arguments)) {
      let expected = Activation.gelu(Double(x))
      #expect(abs(Double(value) - expected) <= Double(8 + 2 * x * x) * 0x1p-24 * abs(expected), "of \(x)")
    }
  }

  @Test(arguments: InstructionSet.supported) func `The largest of values with a NaN is a NaN, wherever it is`(
    set: InstructionSet
  ) throws {
    for place in 0..<9 {
      var values = (0..<9).map { Float($0 % 5) - 2 }
      values[place] = .nan
      for (height, width) in [(3, 3), (1, 9)] {
        var network = try Self.overflowing(.map(height: height, width: width, channels: 2), at: place)
        try network.append(.maxPool(Window(size: Extent(height: height, width: width), padding: .valid)))
        try network.append(.globalPool(GlobalPool(.maximum)))
        let input = values.flatMap { [1, $0.isNaN ? 0 : $0] as [Float] }
        let found = try Executor(plan: Plan(network.graph, instructionSet: set, pool: testPool), pool: testPool).run(
          input)
        #expect(found[1].isNaN)
        #expect(found[0] == 1)
      }
    }
  }

  /// A map whose second channel is NaN in one place: an infinity, from which one is subtracted.
  private static func overflowing(_ shape: Shape, at place: Int) throws -> RandomWeighted {
    var network = try RandomWeighted(shape, seed: 1, .integers)
    let count = shape.elementCount
    var infinities = [Float](repeating: 0, count: count)
    infinities[2 * place + 1] = .infinity
    let constant = try network.append(.constant(shape), [], values: infinities)
    let sum = try network.append(.add, [0, constant])
    try network.append(.binary(.difference), [sum, constant])
    return network
  }
}
