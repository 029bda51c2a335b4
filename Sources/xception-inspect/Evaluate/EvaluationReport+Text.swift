import Evaluation
import PlainText

extension EvaluationReport {
  var text: String {
    var parts = [
      (pictures == 1 ? "1 picture" : "\(grouped(pictures)) pictures")
        + (failures.isEmpty ? "" : ", \(grouped(failures.count)) more not classified")
    ]
    if models.count > 1 { parts += [comparison] + pairs.map(\.text) }
    parts += models.map(\.text)
    if !failures.isEmpty {
      parts.append((["not classified:"] + failures.map { "  \($0.picture): \($0.error)" }).joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }

  /// Tables 1 and 2 of the paper, for whatever models were given.
  private var comparison: String {
    let hasTop5 = models.contains { $0.classes?.top5Accuracy != nil }
    let exclusive = models.filter { $0.classes != nil }.map { model in
      [model.file, model.precision] + accuracyCells(model.classes?.top1Accuracy)
        + (hasTop5 ? accuracyCells(model.classes?.top5Accuracy) : [])
    }
    let independent = models.compactMap { model in
      model.labels.map { [model.file, model.precision, ($0.meanAveragePrecisionAt100 * 100).rounded(decimals: 2)] }
    }
    var tables: [String] = []
    if !exclusive.isEmpty {
      let title = ["", "", "Top-1 accuracy", "95 % interval"] + (hasTop5 ? ["Top-5 accuracy", "95 % interval"] : [])
      tables.append(table([title] + exclusive, leftAligned: [0, 1]))
    }
    if !independent.isEmpty {
      // Weights are of all models.
      let isWeighted = models.contains { $0.labels?.isWeighted == true }
      tables.append(
        table([["", "", "MAP@100" + (isWeighted ? ", weighted" : "")]] + independent, leftAligned: [0, 1]))
    }
    return tables.joined(separator: "\n\n")
  }

  private func accuracyCells(_ accuracy: Proportion?) -> [String] {
    guard let accuracy else { return ["", ""] }
    return [accuracy.value.rounded(decimals: 3), accuracy.intervalText(decimals: 3, scale: 1)]
  }
}

extension EvaluationReport.Model {
  fileprivate var text: String {
    var facts: [(name: String, text: String)] = [("model", "\(file) (\(precision), \(kind))")]
    if let classes {
      facts.append(("top-1", classes.top1Accuracy.text))
      if let top5 = classes.top5Accuracy { facts.append(("top-5", top5.text)) }
      facts.append(("macro F1", classes.macroF1.rounded(decimals: 3)))
      facts.append(
        ("calibration", "expected error \(percent(classes.expectedCalibrationError)) (ECE of 15 bins)"))
    }
    if let labels {
      let weighting = labels.isWeighted ? ", weighted" : ""
      facts.append(("MAP@100", (labels.meanAveragePrecisionAt100 * 100).rounded(decimals: 2) + weighting))
      facts.append(("mAP, of labels that pictures have", labels.meanAveragePrecision.rounded(decimals: 3)))
      facts.append(("all right", labels.exactMatches.text))
      facts.append(("micro F1", labels.microF1.rounded(decimals: 3)))
      facts.append(("macro F1", labels.macroF1.rounded(decimals: 3)))
    }
    let rows = [["class", "pictures", "precision", "recall", "F1"]] + scores.map(\.row)
    return
      ([factSheet(facts), table(rows, leftAligned: [0])]
      + (classes.map { confusionText($0) + [reliabilityText($0)] } ?? []))
      .joined(separator: "\n\n")
  }

  /// The bins of the calibration that have pictures.
  private func reliabilityText(_ classes: Classes) -> String {
    let rows = classes.reliability.filter { $0.count > 0 }.map {
      ["\(percent($0.low)) to \(percent($0.high))", "\($0.count)", percent($0.confidence), percent($0.accuracy)]
    }
    return table([["probability", "pictures", "its mean", "right"]] + rows, leftAligned: [0])
  }

  private func confusionText(_ classes: Classes) -> [String] {
    guard !classes.confusions.isEmpty else { return [] }
    let rows = classes.confusions.prefix(10).map {
      [$0.truth.printable, "taken for", $0.predicted.printable, "\($0.count)"]
    }
    return ["confused most often\n" + table(rows, leftAligned: [0, 1, 2])]
  }
}

extension EvaluationReport.Model.NamedScore {
  fileprivate var row: [String] {
    [name.printable, "\(score.support)"] + [score.precision, score.recall, score.f1].map { $0.rounded(decimals: 3) }
  }
}

extension EvaluationReport.Pair {
  fileprivate var text: String {
    let facts: [(name: String, text: String)] = [
      ("A", a), ("B", b), ("same \(compared)", agreement.text),
      ("only A right", "\(mcNemar.onlyFirst)"), ("only B right", "\(mcNemar.onlySecond)"),
      (
        "McNemar",
        "p = \(mcNemar.probability.rounded(decimals: 4)): "
          + (mcNemar.probability < 0.05 ? "they differ" : "no difference shown")
      ),
    ]
    let rows =
      [["picture", "is", "A", "B", "right"]]
      + differences.prefix(20).map { [$0.picture, $0.truth, $0.a, $0.b].map(\.orDash.printable) + [$0.right.text] }
    guard !differences.isEmpty else { return factSheet(facts) }
    let more = differences.count > 20 ? "\n... and \(grouped(differences.count - 20)) more (--json has all)" : ""
    return factSheet(facts) + "\n\n" + table(rows, leftAligned: [0, 1, 2, 3, 4]) + more
  }
}

extension EvaluationReport.Pair.Difference.Right {
  var text: String {
    switch self {
    case .a: "A"
    case .b: "B"
    case .neither, .both: rawValue
    }
  }
}

extension String {
  /// In a table, where no label would be an empty cell.
  var orDash: String { isEmpty ? "-" : self }
}

extension Proportion {
  var text: String { "\(percent(value)) (\(intervalText(decimals: 1, scale: 100)) %), \(count) of \(total)" }

  func intervalText(decimals: Int, scale: Double) -> String {
    [interval.lowerBound, interval.upperBound].map { ($0 * scale).rounded(decimals: decimals) }.joined(
      separator: " to ")
  }
}

func percent(_ share: Double) -> String { (share * 100).rounded(decimals: 1) + " %" }
