import Foundation
import SmallModel
import Testing
import Xception

@Suite("The library's face")
struct ImportAloneTests {
  @Test func `Options that are set with the import of Xception alone are those that a classifier has`() throws {
    let model = try SmallModel.shared.get()
    let classifier = try Classifier(contentsOf: model.file, options: everyOption())
    #expect(classifier.precision == .int8 && classifier.preprocessing.filter == .bilinear)
    #expect(sumsToOne(classifier) == true)
    var options = everyOption()
    options.decoding.limits.width = 20
    let small = try Classifier(contentsOf: model.file, options: options)
    let error = #expect(throws: ClassifierError.self) { try small.classify(imageAt: model.photos[0]) }
    #expect(error.map(whatToDo) == "scale it down: width 48 of 20")
    let photo = #expect(throws: ClassifierError.self) { try Classifier(contentsOf: model.photos[0]) }
    #expect(photo.map(whatToDo) == "copy \(model.photos[0].path) again: signature at byte 0")
  }
}
