import Foundation
import ModelGraph
import Optimizer
import SmallModel
import Testing
import WeightFormat

@testable import Comparison
@testable import Xception

@Suite struct ModelPairTests {
  private let model: Model
  private let small: SmallModel

  init() throws {
    small = try SmallModel.shared.get()
    model = try WeightFile(contentsOf: small.file.path).model
  }

  private func classifier(_ change: (inout Model) throws -> Void = { _ in }) throws -> Classifier {
    var changed = model
    try change(&changed)
    return try Classifier(changed, named: "changed")
  }

  private func agreement(_ pictures: [String], with other: Classifier) throws -> Agreement {
    try ModelPair(classifier(), other).agreement(about: pictures, in: small.folder.path)
  }

  private var pictures: [String] { small.photos.map(\.lastPathComponent) }

  @Test func `A model agrees with itself`() throws {
    var done: [Int] = []
    let pair = try ModelPair(classifier(), classifier())
    let agreement = try pair.agreement(about: pictures, in: small.folder.path) { done.append($0) }
    #expect(done == [1, 2])
    #expect(agreement.pictureCount == 2 && agreement.sameClassShare == 1)
    #expect(agreement.largestDifference?.value == 0)
    #expect(abs((agreement.worstCosine?.value ?? 0) - 1) < 1e-12)
  }

  @Test func `A model agrees nearly with itself quantized`() throws {
    let quantized = try classifier { $0.graph = try Optimizer.optimize($0.graph, for: .int8) }
    #expect(quantized.precision == .int8)
    let agreement = try agreement(pictures, with: quantized)
    let worst = try #require(agreement.worstCosine?.value)
    #expect(worst > 0.98 && worst < 0.999_999)
  }

  @Test func `A picture that cannot be decoded is listed and left out; without any other it is an error`() throws {
    let name = "no picture.png"
    try Data("no picture".utf8).write(to: small.folder.appending(path: name))
    let agreement = try agreement(pictures + [name, "missing.jpg"], with: classifier())
    #expect(agreement.pictureCount == 2)
    #expect(agreement.unreadable.map(\.picture) == [name, "missing.jpg"])
    let error = #expect(throws: ComparisonError.self) { try self.agreement([name], with: classifier()) }
    #expect(error?.description.contains(name) == true)
  }

  @Test func `A picture on which a network overflows is listed and left out, and the others are compared`() throws {
    try (Data("P6 2 1 255\n".utf8) + [UInt8](repeating: 0, count: 6)).write(
      to: small.folder.appending(path: "black.ppm"))
    let overflowing = try classifier { $0 = try $0.overflowing() }
    let found = try agreement(pictures + ["black.ppm"], with: overflowing)
    #expect(found.pictureCount == 1 && found.unreadable.map(\.picture) == pictures)
    #expect(found.unreadable.allSatisfy { $0.error.contains("overflowed") }, "\(found.unreadable)")
    let inTurn = try Agreement(about: pictures + ["black.ppm"], in: small.folder.path) { isSecond in
      isSecond ? overflowing : try classifier()
    }
    #expect(inTurn.pictureCount == 1 && inTurn.unreadable == found.unreadable)
  }

  @Test func `Models that differ in input size, classes or labels are refused`() throws {
    let one = try classifier()
    #expect(throws: ComparisonError.differentInputs(model.graph.inputShape, .map(height: 48, width: 44, channels: 3))) {
      try ModelPair(one, classifier { $0.graph = try $0.graph.resized(to: Extent(height: 48, width: 44)) })
    }
    #expect(throws: ComparisonError.differentLabels(classIndex: 1, "bee", "wasp")) {
      try ModelPair(one, classifier { $0.metadata.labels[1] = "wasp" })
    }
    #expect(throws: ComparisonError.differentClassCounts(5, 128)) {
      try ModelPair(
        one,
        classifier { model in
          let feature = try #require(model.graph.featureNode)
          model.graph.nodes.removeSubrange((feature + 1)...)
          model.graph.tensors.removeLast(2)
          model.metadata.labels = []
        })
    }
    #expect(throws: ComparisonError.differentKinds(.exclusiveClasses, .independentLabels)) {
      try ModelPair(one, classifier { $0.metadata.output = .labelProbabilities })
    }
    _ = try ModelPair(one, classifier { $0.metadata.labels = [] })
  }

  @Test func `The report says what the classes are to each other, in text and for programs`() throws {
    let labels = try classifier { $0.metadata.output = .labelProbabilities }
    let agreement = try ModelPair(labels, labels).agreement(about: pictures, in: small.folder.path)
    let runner = ComparisonReport.Runner(labels.network, file: "m.xcw", bytes: 200_000, kind: labels.kind)
    let report = ComparisonReport(runner, runner, race: Race(first: 2, second: 1, turns: 5), agreement: agreement)
    #expect(report.text.contains(/\nclasses +independent labels +independent labels\n/))
    #expect(report.a.kind == .independentLabels && report.pictures?.sameClass == 2)
    #expect(report.speed?.hasPrefix("B is 2.00 times as fast as A ") == true)
    let unraced = ComparisonReport(runner, runner, race: nil, agreement: agreement)
    #expect(unraced.speed == nil && unraced.a.milliseconds == nil && unraced.turns == nil)
    #expect(unraced.text.contains("same class") && !unraced.text.contains("fastest"))
  }

  @Test func `Models of which only one is in memory at a time are compared alike`() throws {
    let (one, other) = (try classifier(), try classifier { $0.metadata.preprocessing.divisor = 100 })
    let expected = try ModelPair(one, other).agreement(about: pictures, in: small.folder.path)
    var (made, done) = (0, [Int]())
    let found = try Agreement(about: pictures, in: small.folder.path, batch: 1) { isSecond in
      made += 1
      return isSecond ? other : one
    } progress: {
      done.append($0)
    }
    #expect(made == 2 * pictures.count && done.last == pictures.count && done == done.sorted())
    #expect(found.pictureCount == expected.pictureCount && found.pictureCount > 1)
    #expect(found.largestDifference == expected.largestDifference && found.largestDifference?.value ?? 0 > 0)
    #expect(found.worstCosine == expected.worstCosine && found.meanCosine == expected.meanCosine)
    #expect(found.disagreements == expected.disagreements && found.unreadable == expected.unreadable)
  }

  @Test func `A race times both in turns`() throws {
    let network = try classifier().network
    let race = try Race.run(network, network)
    #expect(race.first > 0 && race.second > 0 && race.turns >= 5)
    #expect(Race(first: 10, second: 9.79, turns: 5).isSecondFaster)
    #expect(!Race(first: 10, second: 9.81, turns: 5).isSecondFaster)
  }
}
