import Testing

@testable import Comparison
@testable import Xception

@Suite struct AgreementTests {
  @Test func `The cosine is that of plain geometry`() {
    #expect(abs(cosine([1, 0], [1, 1]) - 0.5.squareRoot()) < 1e-15)
    #expect(cosine([1, 2, 3], [2, 4, 6]) == 1)
    #expect(cosine([1, 0], [-3, 0]) == -1)
    #expect(cosine([1e-30, 0], [1e-30, 0]) == 1)
  }

  @Test func `The cosine of odd vectors is defined`() {
    #expect(cosine([0, 0], [0, 0]) == 1)
    #expect(cosine([0, 0], [0, 1]) == 0)
    #expect(cosine([.nan, 1], [1, 1]) == 0)
    #expect(cosine([.infinity, 1], [1, 1]) == 0)
    #expect(cosine([3e38, 3e38], [3e38, 3e38]) == 1)
  }

  @Test func `Figures of no picture are those of perfect agreement, or none`() {
    let agreement = Agreement()
    #expect(agreement.sameClassShare == 1)
    #expect(agreement.meanCosine == nil)
    #expect(agreement.largestDifference == nil)
  }

  @Test func `Each figure names the picture that it comes from`() {
    var agreement = Agreement()
    agreement.add("a", .made([0.7, 0.3], [1, 0]), .made([0.6, 0.4], [1, 0]))
    agreement.add("b", .made([0.6, 0.4], [1, 0]), .made([0.4, 0.6], [1, 1]))
    agreement.add("c", .made([0.5, 0.5], [0, 1]), .made([0.5, 0.5], [0, 2]))
    #expect(agreement.pictureCount == 3 && agreement.sameClassCount == 2)
    #expect(agreement.disagreements == [.init(picture: "b", a: "class 0", b: "class 1")])
    #expect(agreement.largestDifference?.picture == "b")
    #expect(abs((agreement.largestDifference?.value ?? 0) - 0.2) < 1e-6)
    #expect(agreement.worstCosine?.picture == "b")
    #expect(abs((agreement.meanCosine ?? 0) - (2 + 0.5.squareRoot()) / 3) < 1e-12)
  }

  @Test func `Features of different lengths have no cosine`() {
    var agreement = Agreement()
    agreement.add("a", .made([0.7, 0.3], [1, 0]), .made([0.7, 0.3], [1]))
    #expect(agreement.meanCosine == nil && agreement.worstCosine == nil && agreement.sameClassShare == 1)
  }
}

extension Classification {
  /// What a model would say that gives these probabilities and features.
  fileprivate static func made(_ probabilities: [Float], _ features: [Float]) -> Classification {
    let predictions = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }.map { index in
      Prediction(classIndex: index, label: nil, probability: probabilities[index])
    }
    return Classification(
      predictions: predictions, probabilities: probabilities, features: features,
      durations: .init(decode: .zero, preprocess: .zero, inference: .zero))
  }
}
