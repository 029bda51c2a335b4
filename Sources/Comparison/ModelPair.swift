internal import ImageInput
package import Xception

/// Two models side by side, for the same pictures.
///
/// Each picture is decoded once and classified by both, each with its own preprocessing and precision. A picture that
/// cannot be decoded, or on which a network overflows, is left out and listed.
package struct ModelPair: Sendable {
  package let first: Classifier
  package let second: Classifier

  /// - Throws: `ComparisonError` where the models differ in their inputs or classes.
  package init(_ first: Classifier, _ second: Classifier) throws(ComparisonError) {
    let inputs = [first, second].map(\.network.plan.inputShape)
    guard inputs[0] == inputs[1] else { throw .differentInputs(inputs[0], inputs[1]) }
    guard first.classCount == second.classCount else {
      throw .differentClassCounts(first.classCount, second.classCount)
    }
    guard (first.kind == .independentLabels) == (second.kind == .independentLabels) else {
      throw .differentKinds(first.kind, second.kind)
    }
    if !first.labels.isEmpty, !second.labels.isEmpty,
      let index = first.labels.indices.first(where: { first.labels[$0] != second.labels[$0] })
    {
      throw .differentLabels(classIndex: index, first.labels[index], second.labels[index])
    }
    self.first = first
    self.second = second
  }

  /// Classifies the pictures of a folder with both models.
  ///
  /// - Parameters:
  ///   - pictures: Paths from the folder, as `PictureFolder` finds them.
  ///   - progress: Told how many pictures are done.
  /// - Throws: `ComparisonError` where no picture can be classified.
  package func agreement(
    about pictures: [String], in folder: String, progress: (_ done: Int) -> Void = { _ in }
  ) throws(ComparisonError) -> Agreement {
    var agreement = Agreement()
    for (index, picture) in pictures.enumerated() {
      do {
        let image = try Image(contentsOf: folder + "/" + picture)
        agreement.add(
          picture, try first.classification(of: image, top: 1), try second.classification(of: image, top: 1))
      } catch {
        agreement.unreadable.append(.init(picture: picture, error: "\(error)"))
      }
      progress(index + 1)
    }
    if agreement.pictureCount == 0, let first = agreement.unreadable.first {
      throw .nothingClassified(picture: first.picture, reason: first.error)
    }
    return agreement
  }
}
