import PlainText

/// Where the time of a run goes, stage by stage.
struct StageTimes {
  struct TimedStage {
    var name: String
    var kernel: String
    /// Of the stage's value.
    var shape: String
    /// By the name of what they run in.
    var multiplyAdds: [String: Int]
    /// When the stage began and ended in each run, in milliseconds from the start of the run.
    var spans: [(begin: Double, end: Double)]

    var median: Double { Durations(milliseconds: spans.map { $0.end - $0.begin }).median }
  }

  var stages: [TimedStage]
  /// The peak of each arithmetic that a stage runs in, of all threads together, in 10^9 multiplications and additions a
  /// second.
  var peaks: [String: Double]

  /// The rate at which all stages would run if each did at the peak of its arithmetic; nil without multiply-adds.
  var peakGigaflops: Double? { peakGigaflops(of: multiplyAdds) }

  private var multiplyAdds: [String: Int] {
    stages.reduce(into: [:]) { $0.merge($1.multiplyAdds, uniquingKeysWith: +) }
  }

  private func peakGigaflops(of multiplyAdds: [String: Int]) -> Double? {
    let total = multiplyAdds.values.reduce(0, +)
    let seconds = multiplyAdds.reduce(0) { $0 + 2e-9 * Double($1.value) / (peaks[$1.key] ?? .infinity) }
    return total > 0 && seconds > 0 ? 2e-9 * Double(total) / seconds : nil
  }

  /// A line for each stage, and the total.
  func table() -> String {
    var rows = [["stage", "kernel", "shape", "MMACs", "ms", "GFLOP/s", "% of peak", "% of time"]]
    let total = stages.reduce(0) { $0 + $1.median }
    for stage in stages {
      rows.append(
        [stage.name, stage.kernel, stage.shape]
          + figures(milliseconds: stage.median, multiplyAdds: stage.multiplyAdds, of: total))
    }
    rows.append(["total", "", ""] + figures(milliseconds: total, multiplyAdds: multiplyAdds, of: total))
    let rates = peaks.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rounded(decimals: 1))" }
    return PlainText.table(rows, leftAligned: [0, 1, 2])
      + "\nmedians; the peaks in GFLOP/s, as multiply-adds reach on registers alone in this run: \(rates.joined(separator: ", "))"
  }

  private func figures(milliseconds: Double, multiplyAdds: [String: Int], of total: Double) -> [String] {
    let count = multiplyAdds.values.reduce(0, +)
    let share = total > 0 ? (100 * milliseconds / total).rounded(decimals: 1) : ""
    guard count > 0 else { return ["", milliseconds.rounded(decimals: 3), "", "", share] }
    let gigaflops = milliseconds > 0 ? 2 * Double(count) / (milliseconds * 1e6) : 0
    return [
      (Double(count) / 1e6).rounded(decimals: 1), milliseconds.rounded(decimals: 3), gigaflops.rounded(decimals: 1),
      peakGigaflops(of: multiplyAdds).map { (100 * gigaflops / $0).rounded(decimals: 1) } ?? "", share,
    ]
  }
}
