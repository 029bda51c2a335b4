import Evaluation
import Foundation
import Testing

/// Stored answers, and what scikit-learn and statsmodels say of them: make_cases.py.
private struct Cases: Decodable {
  struct Classes: Decodable {
    let truth: [Int]
    let scores: [[Float]]
    let top1: Double
    let top1Interval: [Double]
    let top5: Double
    let top5Interval: [Double]
    let precision: [Double]
    let recall: [Double]
    let f1: [Double]
    let support: [Int]
    let macroF1: Double
    let matrix: [[Int]]
    let expectedCalibrationError: Double
  }
  struct Labels: Decodable {
    struct At: Decodable {
      let plain: Double
      let weighted: Double
    }
    let truth: [[Int]]
    let scores: [[Float]]
    let averagePrecision: [Double?]
    let meanAveragePrecision: Double
    let exactMatches: Double
    let microF1: Double
    let macroF1: Double
    let weights: [Double]
    let meanAveragePrecisionAt: [String: At]
  }
  struct Pair: Decodable {
    let onlyFirst: Int
    let onlySecond: Int
    let probability: Double
  }
  let classes: [Classes]
  let labels: [Labels]
  let mcNemar: [Pair]

  static let stored: Cases = {
    // swift-format-ignore: NeverForceUnwrap, NeverUseForceTry
    let url = Bundle.module.url(forResource: "Fixtures/cases", withExtension: "json")!
    // swift-format-ignore: NeverUseForceTry
    return try! JSONDecoder().decode(Cases.self, from: Data(contentsOf: url))
  }()
}

private func isClose(_ value: Double, _ expected: Double) -> Bool { (value - expected).magnitude <= 1e-9 }

@Suite("What an evaluation says is what scikit-learn says")
struct EvaluationTests {
  @Test(arguments: Cases.stored.classes.indices)
  func `Of exclusive classes: accuracies, intervals, scores of classes, confusion and calibration`(index: Int) {
    let expected = Cases.stored.classes[index]
    let classCount = expected.matrix.count
    var evaluation = ClassEvaluation(classCount: classCount)
    for (truth, scores) in zip(expected.truth, expected.scores) {
      evaluation.add(.init(scores, truth: truth), truth: truth)
    }
    #expect(isClose(evaluation.top1Accuracy.value, expected.top1))
    #expect(isClose(evaluation.top5Accuracy.value, expected.top5))
    for (accuracy, interval) in [
      (evaluation.top1Accuracy, expected.top1Interval), (evaluation.top5Accuracy, expected.top5Interval),
    ] {
      #expect(isClose(accuracy.interval.lowerBound, interval[0]))
      #expect(isClose(accuracy.interval.upperBound, interval[1]))
    }
    let scores = evaluation.matrix.classScores
    for (name, value) in scores.enumerated() {
      #expect(isClose(value.precision, expected.precision[name]))
      #expect(isClose(value.recall, expected.recall[name]))
      #expect(isClose(value.f1, expected.f1[name]))
      #expect(value.support == expected.support[name])
    }
    #expect(isClose(scores.seen.macroF1, expected.macroF1))
    for truth in 0..<classCount {
      #expect((0..<classCount).map { evaluation.matrix[truth, $0] } == expected.matrix[truth])
    }
    // Confidences are float32 there and here.
    #expect(isClose(evaluation.calibration.expectedError, expected.expectedCalibrationError))
  }

  @Test(arguments: Cases.stored.labels.indices)
  func `Of independent labels: average precisions, F1, and MAP at 1, 3 and 100`(index: Int) throws {
    let expected = Cases.stored.labels[index]
    var evaluation = LabelEvaluation(labelCount: expected.weights.count)
    for (truth, scores) in zip(expected.truth, expected.scores) { evaluation.add(scores, truth: Set(truth)) }
    for (label, value) in expected.averagePrecision.enumerated() {
      let found = evaluation.averagePrecision(of: label)
      #expect((found == nil) == (value == nil))
      if let found, let value { #expect(isClose(found, value)) }
    }
    #expect(isClose(evaluation.meanAveragePrecision, expected.meanAveragePrecision))
    #expect(isClose(evaluation.exactMatches().value, expected.exactMatches))
    #expect(isClose(evaluation.microF1(), expected.microF1))
    #expect(isClose(evaluation.labelScores().macroF1, expected.macroF1))
    for (count, value) in expected.meanAveragePrecisionAt {
      let count = try #require(Int(count))
      #expect(isClose(evaluation.meanAveragePrecision(at: count), value.plain))
      #expect(isClose(evaluation.meanAveragePrecision(at: count, weights: expected.weights), value.weighted))
    }
  }

  @Test func `The worst error about a picture is a label too many, or one that is missed`() {
    var evaluation = LabelEvaluation(labelCount: 3)
    evaluation.add([0.9, 0.75, 0.5], truth: [0])
    evaluation.add([0.25, 0.5, 0.125], truth: [0, 2])
    let errors = [0, 1].map { evaluation.worstError(of: $0) }
    #expect(errors.map(\.label) == [1, 2] && errors.map(\.score) == [0.75, 0.125])
    #expect(errors.map(\.error) == [0.75, 0.875])
    #expect(evaluation.predicted(of: 0) == [0, 1, 2] && evaluation.predicted(of: 1) == [1])
    #expect(evaluation.exactMatches(threshold: 0.8).count == 1)
  }

  @Test func `McNemar's test gives the exact binomial probabilities`() {
    for pair in Cases.stored.mcNemar {
      let test = McNemar(onlyFirst: pair.onlyFirst, onlySecond: pair.onlySecond)
      #expect((test.probability - pair.probability).magnitude <= 1e-9 + 1e-8 * pair.probability, "\(pair)")
    }
  }

  @Test func `Nothing evaluated is zero of zero, not a division by it`() {
    let evaluation = ClassEvaluation(classCount: 2)
    #expect(evaluation.top1Accuracy.value == 0)
    #expect(evaluation.top1Accuracy.interval == 0...1)
    #expect(evaluation.calibration.expectedError == 0)
    #expect(evaluation.matrix.classScores.macroF1 == 0)
    #expect(LabelEvaluation(labelCount: 2).meanAveragePrecision(at: 100) == 0)
    #expect(LabelEvaluation(labelCount: 2).meanAveragePrecision == 0)
  }

  @Test func `Confusions are listed by how often they occur`() {
    var matrix = ConfusionMatrix(classCount: 3)
    for (truth, predicted) in [(0, 1), (0, 1), (2, 1), (1, 0), (0, 0)] {
      matrix.add(truth: truth, predicted: predicted)
    }
    #expect(
      matrix.confusions(atMost: 2).map { [$0.pair.truth, $0.pair.predicted, $0.count] } == [[0, 1, 2], [1, 0, 1]])
  }
}
