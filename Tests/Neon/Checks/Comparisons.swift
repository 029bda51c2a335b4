import CountedKernels
import Kernels

/// The kernels that the plain loops shared with the package's tests are compared with.
typealias AnyKernelSet = CountedKernels.Type

/// What was compared so far, and how much of it disagreed.
enum Comparisons {
  nonisolated(unsafe) private(set) static var count = 0
  nonisolated(unsafe) private(set) static var disagreements = 0

  /// The first disagreements are printed.
  static func expect(_ agrees: Bool, _ what: @autoclosure () -> String) {
    count += 1
    guard !agrees else { return }
    disagreements += 1
    if disagreements <= 20 { print("DISAGREES: \(what())") }
  }

  /// Equal, or both no number.
  static func expectEqual(_ found: [Float], _ expected: [Float], _ what: @autoclosure () -> String) {
    expect(found.count == expected.count, "\(what()): \(found.count) values, expected \(expected.count)")
    for (index, (found, expected)) in zip(found, expected).enumerated() {
      expect(
        found == expected || found.isNaN && expected.isNaN,
        "\(what()): value \(index) is \(found), expected \(expected)")
    }
  }

  /// No number where none is expected, infinite where that is expected, and else within a bound.
  static func expectNear(_ found: Float, _ expected: Double, within bound: Double, _ what: @autoclosure () -> String) {
    let agrees =
      expected.isNaN
      ? found.isNaN
      : expected.magnitude >= 0x1.ffffffp+127 ? found == Float(expected) : abs(Double(found) - expected) <= bound
    expect(agrees, "\(what()) is \(found), expected \(expected) within \(bound)")
  }
}

/// A sum in double precision, and how far one of floats may be from it: `terms * 2^-24 * M`, where M is the sum of absolute
/// values (Higham 2002, section 3.1).
struct PlainSum {
  private(set) var value: Double
  private(set) var magnitude: Double
  private var terms = 2

  init(_ start: Float = 0) {
    value = Double(start)
    magnitude = value.magnitude
  }

  mutating func add(_ term: Double) {
    value += term
    magnitude += term.magnitude
    terms += 1
  }

  mutating func add(_ sum: PlainSum, times factor: Double) {
    value += sum.value * factor
    magnitude += sum.magnitude * factor.magnitude
    terms += sum.terms
  }

  /// Where something is infinite, what is finite all the same was limited, and is exact.
  var bound: Double { magnitude.isFinite ? Double(terms) * 0x1p-24 * magnitude : 0 }

  /// The bound behind an activation, whose slope is at most 2, and which is within 16 units of 2^-24.
  func bound(_ activation: Activation) -> Double {
    activation.limits != nil ? bound : 2 * bound + 0x1p-20 * max(1, value.magnitude.isFinite ? value.magnitude : 1)
  }

  func expect(_ found: Float, behind activation: Activation = .identity, _ what: @autoclosure () -> String) {
    Comparisons.expectNear(found, activation(value), within: bound(activation), what())
  }
}
