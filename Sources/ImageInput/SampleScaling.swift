/// Samples of 0 to a maximum become 0 to 255, rounded to the nearest, halves up.
struct SampleScaling {
  /// The 8-bit value of each sample.
  private let values: [UInt8]

  /// - Parameter maximum: 1 to 65,535.
  init(maximum: Int) {
    values = (0...maximum).map { UInt8(($0 * 255 + maximum / 2) / maximum) }
  }

  var maximum: Int { values.count - 1 }

  /// The sample must not exceed the maximum.
  subscript(sample: Int) -> UInt8 { values[sample] }
}
