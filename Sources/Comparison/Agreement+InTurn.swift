internal import ImageInput
package import Xception

extension Agreement {
  /// Classifies the pictures of a folder with two models of which only one is in memory at a time.
  ///
  /// - Parameters:
  ///   - pictures: Paths from the folder, as `PictureFolder` finds them.
  ///   - batch: For so many pictures the models are made ready anew: their answers are kept meanwhile.
  ///   - classifier: Makes the first or the second of the models, which fit each other.
  ///   - progress: Told how many pictures are done.
  /// - Throws: What making a model throws, and `ComparisonError` where no picture can be classified.
  package init(
    about pictures: [String], in folder: String, batch: Int = 256,
    _ classifier: (_ isSecond: Bool) throws -> Classifier, progress: (_ done: Int) -> Void = { _ in }
  ) throws {
    self.init()
    for start in stride(from: 0, to: pictures.count, by: batch) {
      let names = pictures[start..<min(start + batch, pictures.count)]
      var answers: [[Classification?]] = []
      for isSecond in [false, true] {
        let model = try classifier(isSecond)
        answers.append([])
        for (index, name) in names.enumerated() {
          // What the first could not classify is left out already.
          let isLeftOut = isSecond && answers[0][index] == nil
          answers[answers.count - 1].append(isLeftOut ? nil : classify(name, in: folder, by: model))
          progress(start + (isSecond ? names.count + index + 1 : index + 1) / 2)
        }
      }
      for (name, (first, second)) in zip(names, zip(answers[0], answers[1])) {
        if let first, let second { add(name, first, second) }
      }
    }
    if pictureCount == 0, let first = unreadable.first {
      throw ComparisonError.nothingClassified(picture: first.picture, reason: first.error)
    }
  }

  /// Nil for a picture that cannot be decoded, or on which the network overflows: it is listed.
  private mutating func classify(_ picture: String, in folder: String, by model: Classifier) -> Classification? {
    do {
      return try model.classification(of: Image(contentsOf: folder + "/" + picture), top: 1)
    } catch {
      unreadable.append(.init(picture: picture, error: "\(error)"))
      return nil
    }
  }
}
