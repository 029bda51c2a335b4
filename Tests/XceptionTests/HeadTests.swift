import Foundation
import ModelGraph
import SmallModel
import Testing
import WeightFormat

@testable import Xception

@Suite("What a network's last values mean")
struct HeadTests {
  private let model: SmallModel
  private let photo: ImageSource

  init() throws {
    model = try SmallModel.shared.get()
    photo = .file(model.photos[0])
  }

  /// A model that was written to a file and read again.
  private func classifier(_ model: Model) throws -> Classifier {
    let file = self.model.folder.appending(path: "\(UUID().uuidString).xcw").path
    try WeightFile.write(model, to: file, profile: .compact)
    return try Classifier(contentsOfFile: file)
  }

  private func expectEqual(_ a: [Float], _ b: [Float]) {
    #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }, "\(a), \(b)")
  }

  @Test func `Logits of exclusive classes go through a softmax, those of labels through a sigmoid each`() {
    expectEqual(Head(.classLogits, valueCount: 2).probabilities(of: [0, log(3)]), [0.25, 0.75])
    expectEqual(Head(.labelLogits, valueCount: 2).probabilities(of: [0, log(3)]), [0.5, 0.75])
    expectEqual(Head(.classLogits, valueCount: 2).probabilities(of: [1000, -1000]), [1, 0])
    expectEqual(Head(.labelLogits, valueCount: 2).probabilities(of: [1000, -1000]), [1, 0])
  }

  @Test(arguments: [Metadata.Output.classProbabilities, .labelProbabilities])
  func `Probabilities stay as they are`(output: Metadata.Output) {
    #expect(Head(output, valueCount: 3).probabilities(of: [0.5, 0.2, 0.3]) == [0.5, 0.2, 0.3])
  }

  @Test(arguments: Metadata.Output.allCases)
  func `One value is a yes/no answer, whatever it is called`(output: Metadata.Output) {
    let head = Head(output, valueCount: 1)
    #expect(head.kind == .yesNo && head.classCount == 2)
    let isLogit = output == .classLogits || output == .labelLogits
    expectEqual(head.probabilities(of: [isLogit ? log(3) : 0.75]), [0.25, 0.75])
  }

  @Test func `The small one of two answers keeps its digits`() {
    let head = Head(.labelLogits, valueCount: 1)
    #expect(abs(head.probabilities(of: [30])[0] / Float(exp(-30.0)) - 1) < 1e-6)
    #expect(abs(head.probabilities(of: [-30])[1] / Float(exp(-30.0)) - 1) < 1e-6)
  }

  @Test func `A multi-label network whose sigmoid was taken away gives the probabilities of the sigmoid`() throws {
    let whole = try classifier(SmallModel.model(ending: .sigmoid, output: .labelProbabilities))
    let cut = try classifier(SmallModel.model(ending: .logits, output: .labelLogits))
    #expect(whole.kind == .independentLabels && cut.kind == .independentLabels)
    let (a, b) = (try whole.classification(of: photo), try cut.classification(of: photo))
    expectEqual(a.probabilities, b.probabilities)
    #expect(abs(b.probabilities.reduce(0, +) - 1) > 0.1)
    #expect(b.predictions.map(\.label) == a.predictions.map(\.label))
  }

  @Test func `A network whose softmax was taken away gives the probabilities of the softmax`() throws {
    let whole = try Classifier(contentsOf: model.file)
    let cut = try classifier(SmallModel.model(ending: .logits, output: .classLogits))
    #expect(whole.kind == .exclusiveClasses && cut.kind == .exclusiveClasses)
    expectEqual(
      try whole.classification(of: photo).probabilities, try cut.classification(of: photo).probabilities)
  }

  @Test func `One logit and its probability give the same two answers, with the names of no and yes`() throws {
    let names = ["dog", "cat"]
    let logit = try classifier(
      SmallModel.model(classes: 1, ending: .logits, output: .classLogits, labels: names))
    let probability = try classifier(
      SmallModel.model(classes: 1, ending: .sigmoid, output: .labelProbabilities, labels: names))
    let answers = try [logit, probability].map { try $0.classification(of: photo) }
    for (classifier, answer) in zip([logit, probability], answers) {
      #expect(classifier.kind == .yesNo && classifier.classCount == 2 && classifier.labels == names)
      #expect(answer.predictions.count == 2 && answer.probabilities.count == 2)
      #expect(abs(answer.probabilities[0] + answer.probabilities[1] - 1) < 1e-6)
      #expect(answer.probabilities.allSatisfy { $0 > 0 && $0 < 1 })
      for prediction in answer.predictions {
        #expect(prediction.label == names[prediction.classIndex])
        #expect(prediction.probability == answer.probabilities[prediction.classIndex])
      }
    }
    expectEqual(answers[0].probabilities, answers[1].probabilities)
  }

  @Test func `A yes/no classifier with one name has it for yes, and without any none`() throws {
    let one = try classifier(SmallModel.model(classes: 1, ending: .logits, output: .labelLogits, labels: ["cat"]))
    #expect(one.labels == ["not cat", "cat"])
    let none = try classifier(SmallModel.model(classes: 1, ending: .logits, output: .labelLogits, labels: []))
    #expect(none.labels.isEmpty)
    #expect(try none.classify(photo).allSatisfy { $0.label == nil })
    let file = model.folder.appending(path: "three-names.xcw").path
    #expect(throws: WeightFormatError.self) {
      try WeightFile.write(
        SmallModel.model(classes: 1, ending: .logits, output: .labelLogits, labels: ["a", "b", "c"]), to: file,
        profile: .compact)
    }
  }

  @Test func `A file that calls the results of a sigmoid probabilities of classes holds those of labels`() throws {
    #expect(try classifier(SmallModel.model(ending: .sigmoid)).kind == .independentLabels)
    var fused = try SmallModel.model(ending: .logits)
    guard case .dense(var dense) = fused.graph.nodes[fused.graph.nodes.count - 1].operation else {
      Issue.record("the network ends in no dense layer")
      return
    }
    dense.activation = .sigmoid
    fused.graph.nodes[fused.graph.nodes.count - 1].operation = .dense(dense)
    #expect(try classifier(fused).kind == .independentLabels)
    #expect(try classifier(SmallModel.model()).kind == .exclusiveClasses)
  }

  @Test func `A network that gives a map is no classifier`() throws {
    var headless = try SmallModel.model()
    let pool = try #require(headless.graph.featureNode)
    headless.graph.nodes.removeSubrange(pool...)
    headless.graph.tensors.removeLast(2)
    headless.metadata.labels = []
    let shape = headless.graph.outputShape.dimensions
    #expect(shape.count == 3)
    #expect(throws: ClassifierError.invalidModel(path: "headless.xcw", .outputIsMap(shape: shape))) {
      try Classifier(headless, named: "headless.xcw")
    }
  }
}
