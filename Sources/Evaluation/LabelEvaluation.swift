/// How well a model of independent labels does on pictures whose labels are known.
///
/// The scores of all pictures are kept, 4 bytes a label, because the average precision of a label ranks the pictures.
package struct LabelEvaluation: Sendable {
  package let labelCount: Int
  /// The scores of each picture, one after the other.
  private var scores: [Float] = []
  private var truths: [Set<Int>] = []

  package init(labelCount: Int) { self.labelCount = labelCount }

  package var pictureCount: Int { truths.count }

  package mutating func add(_ scores: [Float], truth: Set<Int>) {
    precondition(scores.count == labelCount)
    self.scores += scores
    truths.append(truth)
  }

  private func scores(of picture: Int) -> ArraySlice<Float> {
    scores[picture * labelCount..<(picture + 1) * labelCount]
  }

  // MARK: One picture

  /// The labels that a picture is said to have: those whose probability is `threshold` or more.
  package func predicted(of picture: Int, threshold: Float = 0.5) -> Set<Int> {
    Set(scores(of: picture).enumerated().filter { $0.element >= threshold }.map(\.offset))
  }

  package func truth(of picture: Int) -> Set<Int> { truths[picture] }

  /// What was said furthest from the truth about a picture: the label, its probability, and how far that is off.
  package func worstError(of picture: Int) -> (label: Int, score: Float, error: Float) {
    let truth = truths[picture]
    return scores(of: picture).enumerated()
      .map { (label: $0.offset, score: $0.element, error: truth.contains($0.offset) ? 1 - $0.element : $0.element) }
      .reduce((0, 0, -1)) { $1.error > $0.error ? $1 : $0 }
  }

  // MARK: All pictures

  /// The share of pictures that are said to have exactly the labels that they have (subset accuracy).
  package func exactMatches(threshold: Float = 0.5) -> Proportion {
    Proportion(truths.indices.count { predicted(of: $0, threshold: threshold) == truths[$0] }, of: truths.count)
  }

  /// The mean over the pictures of the average precision of their `count` most probable labels, by which section 4.5 of the
  /// paper compares networks on JFT (MAP@100).
  ///
  /// The average precision of a picture is the sum of the precision at the place of each right label, divided by the number
  /// of right labels, `count` at most. With weights, each right label counts by its own, and the sum is divided by the
  /// greatest that is possible: the weights of the `count` heaviest right labels. Pictures without labels are left out.
  ///
  /// - Parameter weights: How much each label counts, 0 or more; nil means that all count alike.
  package func meanAveragePrecision(at count: Int, weights: [Double]? = nil) -> Double {
    var (sum, pictures) = (0.0, 0)
    for (picture, truth) in truths.enumerated() {
      let heaviest = truth.map { weights?[$0] ?? 1 }.sorted(by: >).prefix(count).reduce(0, +)
      guard heaviest > 0 else { continue }
      pictures += 1
      let scores = Array(scores(of: picture))
      let ranking = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(count)
      var hits = 0
      for (place, label) in ranking.enumerated() where truth.contains(label) {
        hits += 1
        sum += (weights?[label] ?? 1) * Double(hits) / Double(place + 1) / heaviest
      }
    }
    return pictures == 0 ? 0 : sum / Double(pictures)
  }

  /// The area under a label's precision over its recall, summed as steps: precision times the gain of recall at each
  /// distinct score. Nil for a label that no picture has.
  package func averagePrecision(of label: Int) -> Double? {
    let positives = truths.count { $0.contains(label) }
    guard positives > 0 else { return nil }
    let ranking = truths.indices.map {
      (score: scores[$0 * labelCount + label], isPositive: truths[$0].contains(label))
    }
    .sorted { $0.score > $1.score }
    var (area, hits, counted) = (0.0, 0, 0)
    var index = 0
    while index < ranking.count {
      // Pictures with equal scores are taken together, as their order means nothing.
      let score = ranking[index].score
      var gained = 0
      while index < ranking.count, ranking[index].score == score {
        gained += ranking[index].isPositive ? 1 : 0
        index += 1
      }
      counted = index
      hits += gained
      area += Double(hits) / Double(counted) * Double(gained) / Double(positives)
    }
    return area
  }

  /// The mean of the labels' average precisions, over the labels that pictures have.
  package var meanAveragePrecision: Double {
    let values = (0..<labelCount).compactMap(averagePrecision)
    return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// How well each label is recognized, where a picture counts as having it from a threshold of probability on.
  package func labelScores(threshold: Float = 0.5) -> [ClassScore] {
    var (correct, predicted, support) = ([Int](repeating: 0, count: labelCount), [Int](), [Int]())
    predicted = correct
    support = correct
    for (picture, truth) in truths.enumerated() {
      for (label, score) in scores(of: picture).enumerated() {
        let (said, has) = (score >= threshold, truth.contains(label))
        predicted[label] += said ? 1 : 0
        support[label] += has ? 1 : 0
        correct[label] += said && has ? 1 : 0
      }
    }
    return (0..<labelCount).map {
      ClassScore(correct: correct[$0], predicted: predicted[$0], support: support[$0])
    }
  }

  /// F1 of all decisions about all labels together.
  package func microF1(threshold: Float = 0.5) -> Double {
    var (correct, predicted, support) = (0, 0, 0)
    for (picture, truth) in truths.enumerated() {
      support += truth.count
      for (label, score) in scores(of: picture).enumerated() where score >= threshold {
        predicted += 1
        correct += truth.contains(label) ? 1 : 0
      }
    }
    return Proportion(2 * correct, of: predicted + support).value
  }
}
