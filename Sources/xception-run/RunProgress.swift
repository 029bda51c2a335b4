import CommandSupport
import PlainText

/// How far a run is: on a terminal a line that says how many pictures are done, how fast it goes, how long it still takes
/// and how many failed.
struct RunProgress {
  /// How many pictures there are, where that is known.
  let total: Int?
  /// Those of an earlier run among them.
  private(set) var done: Int
  private(set) var failures: Int
  /// Files in folders that do not end as pictures' names do.
  var leftOut = 0
  private let earlier: Int
  private let line: ProgressLine?
  private let start = ContinuousClock.now
  private var shown: ContinuousClock.Instant?

  /// - Parameters:
  ///   - finished: What an earlier run did.
  ///   - count: Says how many pictures there are; asked only where that is shown.
  init(after finished: FinishedPictures?, isShown: Bool, count: () -> Int?) {
    let isShown = isShown && StandardError.isTerminal
    total = isShown ? count() : nil
    done = finished?.count ?? 0
    earlier = done
    failures = finished?.failures ?? 0
    line = isShown ? ProgressLine(isShown: true) : nil
  }

  mutating func add(failed: Bool) {
    done += 1
    if failed { failures += 1 }
    guard let line else { return }
    let now = ContinuousClock.now
    if let shown, shown.duration(to: now) < .milliseconds(100) { return }
    shown = now
    line.show(text(after: start.duration(to: now)))
  }

  func text(after time: Duration) -> String {
    let rate = Double(done - earlier) / max(time / .seconds(1), 1e-9)
    let all = total.map { " of \(grouped($0))" } ?? ""
    var parts = ["\(grouped(done))\(all) done", "\(rate.rounded(decimals: 1)) a second"]
    if let total, rate > 0 { parts.append(clock(Double(max(0, total - done)) / rate) + " left") }
    parts.append(failures == 1 ? "1 failure" : "\(grouped(failures)) failures")
    return parts.joined(separator: ", ")
  }

  /// Minutes and seconds, with hours where there are any.
  private func clock(_ seconds: Double) -> String {
    let seconds = Int(min(seconds, 1e9).rounded(.up))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let minutes = "\(seconds / 60 % 60)"
    return seconds < 3600
      ? "\(minutes):\(two(seconds % 60))" : "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
  }

  func clear() { line?.clear() }

  /// Said at the end.
  var summary: String {
    let pictures = done == 1 ? "1 picture" : "\(grouped(done)) pictures"
    let failed = failures == 0 ? "" : ", \(grouped(failures)) of them not classified"
    let others = leftOut == 0 ? "" : "; \(grouped(leftOut)) other \(leftOut == 1 ? "file" : "files") left out"
    return pictures + failed + others
  }
}
