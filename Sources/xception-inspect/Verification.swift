import PlainText
import WeightFormat
import Xception

/// The outcome of reading all weights and of the golden check.
struct Verification {
  /// Of the golden check; nil for a file without one.
  let outcomes: [GoldenCheck.Outcome]?

  /// Reads and checks all bytes of a file, and runs its golden input through the network.
  ///
  /// - Throws: `WeightFormatError` where the file is damaged, and what making the network ready throws.
  init(of file: WeightFile) throws {
    try file.verifyContents()
    outcomes = try GoldenCheck(of: file.model)?.run()
  }

  var isPassed: Bool { outcomes?.allSatisfy(\.isPassed) ?? true }
}

extension Verification: CustomStringConvertible {
  var description: String {
    let weights = (name: "weights", text: "all checksums agree, all values are finite")
    guard let outcomes else { return factSheet([weights, ("golden check", "the file has none")]) }
    return factSheet(
      [weights]
        + outcomes.map { outcome in
          let verdict = "\(outcome.isPassed ? "passed" : "FAILED") in \(outcome.precision.rawValue)"
          let sensitivity = outcome.sensitivity.map { ", as rounding alone moves the output by \($0)" } ?? ""
          return (
            "golden check",
            "\(verdict): largest difference \(outcome.difference), tolerance \(outcome.tolerance)\(sensitivity)"
          )
        })
  }
}
