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
  /// - Throws: What making a model throws, and `ComparisonError` where no picture can be decoded or a model cannot be run.
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
          answers[answers.count - 1].append(try classify(name, in: folder, by: model, isFirst: !isSecond))
          progress(start + (isSecond ? names.count + index + 1 : index + 1) / 2)
        }
      }
      for (name, (first, second)) in zip(names, zip(answers[0], answers[1])) {
        if let first, let second { add(name, first, second) }
      }
    }
    if pictureCount == 0, let first = unreadable.first {
      throw ComparisonError.nothingReadable(picture: first.picture, reason: first.error)
    }
  }

  /// Nil for a picture that cannot be decoded, which is listed.
  private mutating func classify(
    _ picture: String, in folder: String, by model: Classifier, isFirst: Bool
  ) throws(ComparisonError) -> Classification? {
    let image: Image
    do {
      image = try Image(contentsOf: folder + "/" + picture)
    } catch {
      if isFirst { unreadable.append(.init(picture: picture, error: "\(error)")) }
      return nil
    }
    do throws(ClassifierError) {
      return try model.classification(of: image, top: 1)
    } catch {
      throw .model("\(picture): \(error)")
    }
  }
}
