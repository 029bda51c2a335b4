/// How long the runs of a benchmark took, in milliseconds.
struct Durations {
  /// In rising order.
  private let sorted: [Double]

  /// - Precondition: There is at least one.
  init(milliseconds: [Double]) {
    precondition(!milliseconds.isEmpty, "no run was timed")
    sorted = milliseconds.sorted()
  }

  var minimum: Double { sorted[0] }
  var median: Double { percentile(50) }

  /// The value below which `percent` of the runs lie, interpolated linearly between two runs, as NumPy's `percentile` is.
  func percentile(_ percent: Double) -> Double {
    let position = percent / 100 * Double(sorted.count - 1)
    let index = min(Int(position), sorted.count - 1)
    let next = min(index + 1, sorted.count - 1)
    return sorted[index] + (position - Double(index)) * (sorted[next] - sorted[index])
  }
}
