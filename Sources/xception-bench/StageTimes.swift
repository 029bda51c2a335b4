import CommandSupport

/// Where the time of a run goes, stage by stage.
struct StageTimes {
  struct Stage {
    var name: String
    var kernel: String
    /// Of the stage's value.
    var shape: String
    var multiplyAdds: Int
    /// When the stage began and ended in each run, in milliseconds from the start of the run.
    var spans: [(begin: Double, end: Double)]

    var median: Double { Durations(milliseconds: spans.map { $0.end - $0.begin }).median }
  }

  var stages: [Stage]
  /// Of all threads together, in 10^9 multiplications and additions a second.
  var peakGigaflops: Double

  /// A line for each stage, and the total.
  func table() -> String {
    var rows = [["stage", "kernel", "shape", "MMACs", "ms", "GFLOP/s", "% of peak", "% of time"]]
    let total = stages.reduce(0) { $0 + $1.median }
    for stage in stages {
      rows.append(
        [stage.name, stage.kernel, stage.shape]
          + figures(milliseconds: stage.median, multiplyAdds: stage.multiplyAdds, of: total))
    }
    let multiplyAdds = stages.reduce(0) { $0 + $1.multiplyAdds }
    rows.append(["total", "", ""] + figures(milliseconds: total, multiplyAdds: multiplyAdds, of: total))
    return CommandSupport.table(rows, leftAligned: [0, 1, 2])
      + "\nmedians; the peak is \(peakGigaflops.rounded(decimals: 1)) GFLOP/s, as the tile's multiply-adds reach on registers alone in this run"
  }

  private func figures(milliseconds: Double, multiplyAdds: Int, of total: Double) -> [String] {
    let gigaflops = milliseconds > 0 ? 2 * Double(multiplyAdds) / (milliseconds * 1e6) : 0
    let hasProducts = multiplyAdds > 0
    return [
      hasProducts ? (Double(multiplyAdds) / 1e6).rounded(decimals: 1) : "", milliseconds.rounded(decimals: 3),
      hasProducts ? gigaflops.rounded(decimals: 1) : "",
      hasProducts && peakGigaflops > 0 ? (100 * gigaflops / peakGigaflops).rounded(decimals: 1) : "",
      total > 0 ? (100 * milliseconds / total).rounded(decimals: 1) : "",
    ]
  }
}
