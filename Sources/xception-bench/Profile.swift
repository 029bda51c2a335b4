/// Where the time of a run goes, step by step.
struct Profile {
  struct Step {
    var name: String
    var kernel: String
    /// Of the step's value.
    var shape: String
    var multiplyAdds: Int
    /// When the step began and ended in each run, in milliseconds from the start of the run.
    var spans: [(begin: Double, end: Double)]

    var median: Double { Durations(milliseconds: spans.map { $0.end - $0.begin }).median }
  }

  var steps: [Step]
  /// Of all threads together, in 10^9 multiplications and additions a second.
  var peakGigaflops: Double

  /// A line for each step, and the total.
  func table() -> String {
    var rows = [["step", "kernel", "shape", "MMACs", "ms", "GFLOP/s", "% of peak", "% of time"]]
    let total = steps.reduce(0) { $0 + $1.median }
    for step in steps {
      rows.append(
        [step.name, step.kernel, step.shape]
          + figures(milliseconds: step.median, multiplyAdds: step.multiplyAdds, of: total))
    }
    let multiplyAdds = steps.reduce(0) { $0 + $1.multiplyAdds }
    rows.append(["total", "", ""] + figures(milliseconds: total, multiplyAdds: multiplyAdds, of: total))
    return xception_bench.table(rows, leftAligned: [0, 1, 2])
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
