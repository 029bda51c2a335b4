internal import ModelGraph
internal import PlainText
package import Xception

/// What the comparison of two models found, for people and for programs.
package struct ComparisonReport: Encodable, Sendable {
  package struct Side: Encodable, Sendable {
    package var file: String
    package var bytes: Int
    /// What its classes are to each other.
    package var kind: Classifier.Kind?
    package var precision: String
    /// Of its fastest run; nil where the models were not raced.
    package var milliseconds: Double?
  }

  /// The agreement about the pictures.
  package struct Pictures: Encodable, Sendable {
    package var count: Int
    package var sameClass: Int
    package var sameClassShare: Double
    package var largestProbabilityDifference: Double
    package var largestProbabilityDifferencePicture: String
    package var featureCosineMean: Double?
    package var featureCosineWorst: Double?
    package var featureCosineWorstPicture: String?
    package var disagreements: [Agreement.Disagreement]
    package var unreadable: [Agreement.Unreadable]
  }

  package var a: Side
  package var b: Side
  package var isa: String
  package var threads: Int
  /// The timed runs of each model.
  package var turns: Int?
  package var pictures: Pictures?

  /// What is told of a network that was ready to run, and the file that it came from.
  package struct Runner {
    fileprivate let precision: String
    fileprivate let instructionSet: String
    fileprivate let threads: Int
    package var file: String
    package var bytes: Int
    /// Nil for a network that does not classify.
    package var kind: Classifier.Kind?

    package init(_ network: ReadyNetwork, file: String, bytes: Int, kind: Classifier.Kind? = nil) {
      precision = network.plan.precision.rawValue
      instructionSet = network.plan.instructionSet.rawValue
      threads = network.threads
      self.file = file
      self.bytes = bytes
      self.kind = kind
    }
  }

  /// - Parameters:
  ///   - race: Nil where the models were not in memory at once.
  ///   - agreement: Nil where no pictures were compared.
  package init(_ first: Runner, _ second: Runner, race: Race?, agreement: Agreement?) {
    a = Side(first, milliseconds: race?.first)
    b = Side(second, milliseconds: race?.second)
    isa = second.instructionSet
    threads = second.threads
    turns = race?.turns
    speedup = race.map { $0.isSecondFaster ? $0.first / $0.second : 1 }
    pictures = agreement.map(Pictures.init)
  }

  private enum CodingKeys: CodingKey { case a, b, isa, threads, turns, pictures }

  /// 1 where the second is not faster.
  private let speedup: Double?

  package var text: String {
    var rows = [
      ["", "A", "B"], ["file", a.file, b.file], ["size", megabytes(a.bytes), megabytes(b.bytes)],
      ["precision", a.precision, b.precision], ["classes", a.kind?.description ?? "", b.kind?.description ?? ""],
    ]
    if let turns {
      rows.append(["fastest of \(turns)"] + [a, b].map { ($0.milliseconds ?? 0).rounded(decimals: 2) + " ms" })
    }
    let parts = [table(rows, leftAligned: [0, 1, 2]), speed, pictures?.text]
    return parts.compactMap(\.self).joined(separator: "\n\n")
  }

  /// Says in a sentence whether the second model is worth it here; nil where they were not raced.
  package var speed: String? {
    guard let speedup else { return nil }
    let isPrecisionTold = a.precision != b.precision
    let (first, second) = isPrecisionTold ? (a.precision, b.precision) : ("A", "B")
    let place = "on this machine (\(isa), \(threads) thread\(threads == 1 ? "" : "s"))"
    guard speedup > 1 else { return "\(second) is not faster than \(first) \(place)" }
    return "\(second) is \(speedup.rounded(decimals: 2)) times as fast as \(first) \(place)"
  }
}

extension ComparisonReport.Side {
  fileprivate init(_ runner: ComparisonReport.Runner, milliseconds: Double?) {
    self.init(
      file: runner.file, bytes: runner.bytes, kind: runner.kind, precision: runner.precision,
      milliseconds: milliseconds.map(microseconds))
  }
}

extension ComparisonReport.Pictures {
  init(_ agreement: Agreement) {
    count = agreement.pictureCount
    sameClass = agreement.sameClassCount
    sameClassShare = agreement.sameClassShare
    largestProbabilityDifference = agreement.largestDifference?.value ?? 0
    largestProbabilityDifferencePicture = agreement.largestDifference?.picture ?? ""
    featureCosineMean = agreement.meanCosine
    featureCosineWorst = agreement.worstCosine?.value
    featureCosineWorstPicture = agreement.worstCosine?.picture
    disagreements = agreement.disagreements
    unreadable = agreement.unreadable
  }

  /// How many pictures of a kind the text names; the JSON object has all.
  private static let shown = 10

  fileprivate var text: String {
    var rows = [
      ["pictures", "\(count)"],
      ["same class", "\(sameClass) (\((100 * sameClassShare).rounded(decimals: 2)) %)"],
      [
        "largest probability difference",
        "\(largestProbabilityDifference.rounded(decimals: 5)) (\(largestProbabilityDifferencePicture))",
      ],
    ]
    if let featureCosineMean, let featureCosineWorst, let featureCosineWorstPicture {
      rows.append(["feature cosine, mean", featureCosineMean.rounded(decimals: 5)])
      rows.append([
        "feature cosine, worst", "\(featureCosineWorst.rounded(decimals: 5)) (\(featureCosineWorstPicture))",
      ])
    }
    return table(rows, leftAligned: [0, 1])
      + list("different class", disagreements.map { "\($0.picture): \($0.a), \($0.b)" })
      + list("not classified, left out", unreadable.map { "\($0.picture): \($0.error)" })
  }

  private func list(_ title: String, _ lines: [String]) -> String {
    guard !lines.isEmpty else { return "" }
    let more = lines.count > Self.shown ? ["and \(lines.count - Self.shown) more"] : []
    return "\n\n\(title):" + (lines.prefix(Self.shown) + more).map { "\n  " + $0 }.joined()
  }
}

/// To a microsecond.
private func microseconds(_ milliseconds: Double) -> Double { (milliseconds * 1000).rounded() / 1000 }
