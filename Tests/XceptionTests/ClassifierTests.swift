import Foundation
import ModelGraph
import SmallModel
import Testing
import Xception

@Suite("The classifier")
struct ClassifierTests {
  let model: SmallModel
  let classifier: Classifier
  let photo: URL

  init() throws {
    model = try SmallModel.shared.get()
    classifier = try Classifier(contentsOf: model.file)
    photo = model.photos[0]
  }

  @Test(arguments: [nil, 1, 3, 5, 9])
  func `Predictions come in falling order, as many as asked for, and all for nil`(top: Int?) throws {
    let predictions = try classifier.classify(imageAt: photo, top: top)
    #expect(predictions.count == min(top ?? 5, 5))
    #expect(predictions.map(\.probability) == predictions.map(\.probability).sorted(by: >))
    #expect(predictions.allSatisfy { $0.label == SmallModel.labels[$0.classIndex] })
  }

  @Test func `A classification has the probabilities of all classes, however few predictions are asked for`() throws {
    let classification = try classifier.classification(of: .file(photo), top: 1)
    #expect(classification.predictions.count == 1 && classification.probabilities.count == 5)
    #expect(abs(classification.probabilities.reduce(0, +) - 1) < 1e-5)
    for prediction in try classifier.classify(imageAt: photo, top: nil) {
      #expect(prediction.probability == classification.probabilities[prediction.classIndex])
    }
    #expect(classification.predictions[0].probability == classification.probabilities.max())
  }

  @Test func `A file, its path, its bytes, an open descriptor and its pixels give bitwise the same`() throws {
    let bytes = [UInt8](try Data(contentsOf: photo))
    let file = try FileHandle(forReadingFrom: photo)
    let expected = try classifier.classify(imageAt: photo)
    #expect(try classifier.classify(.path(photo.path)) == expected)
    #expect(try classifier.classify(.encoded(bytes)) == expected)
    #expect(try classifier.classify(.descriptor(file.fileDescriptor)) == expected)
    let pixels = [UInt8](bytes.suffix(48 * 32 * 3))
    #expect(try classifier.classify(.rgb(pixels, width: 48, height: 32)) == expected)
    #expect(try classify(photo, model: model.file) == expected)
  }

  @Test(arguments: [1, 2, 3, 8])
  func `Tasks at once, and any number of threads, give bitwise the same`(threads: Int) async throws {
    let expected = try await classifier.classification(of: .file(photo))
    let other = try Classifier(contentsOf: model.file, options: .init(threads: threads))
    try await withThrowingTaskGroup(of: Classification.self) { [photo] group in
      for _ in 0..<12 { group.addTask { try await other.classification(of: .file(photo)) } }
      for try await result in group {
        #expect(result.predictions == expected.predictions)
        #expect(result.features == expected.features)
      }
    }
  }

  @Test func `A cancelled task gets the error of cancellation`() async throws {
    let task = Task { [classifier, photo] in
      while !Task.isCancelled { await Task.yield() }
      return try await classifier.classify(imageAt: photo)
    }
    task.cancel()
    await #expect(throws: ClassifierError.cancelled) { try await task.value }
  }

  @Test func `The features are the values that enter the classifier`() throws {
    #expect(try classifier.classification(of: .file(photo)).features.count == 2048 / 16)
  }

  @Test(arguments: Precision.allCases)
  func `The precision can be chosen, and is that of the file's weights unless it is`(precision: Precision) throws {
    #expect(classifier.precision == .float32)
    let expected = try classifier.classification(of: .file(photo), top: nil)
    let coarse = try Classifier(contentsOf: model.file, options: .init(precision: precision))
    #expect(coarse.precision == precision)
    let found = try coarse.classification(of: .file(photo), top: nil)
    #expect((found.features == expected.features) == (precision == .float32))
    #expect(abs(found.predictions.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
    for threads in [1, 3] {
      let other = try Classifier(contentsOf: model.file, options: .init(threads: threads, precision: precision))
      #expect(try other.classification(of: .file(photo), top: nil).features == found.features)
    }
  }

  @Test func `The preprocessing can be replaced`() throws {
    let other = try Classifier(contentsOf: model.file, options: .init(preprocessing: .timm))
    #expect(other.preprocessing == .timm)
    #expect(try other.classify(imageAt: photo) != classifier.classify(imageAt: photo))
    #expect(try Classifier.preprocessing(ofModelAt: model.file) == .keras)
    #expect(try Classifier.preprocessing(ofModelAtPath: model.file.path) == .keras)
  }
}
