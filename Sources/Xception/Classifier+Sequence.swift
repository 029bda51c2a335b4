extension Classifier {
  /// Classifies the images of a sequence, such as an array, as many at once as the classifier has threads.
  ///
  /// Results come in the order of the images, a failure for each image that cannot be classified. Images are asked for as
  /// results are: at most four for each thread are in flight, however many there are. Where the task that iterates is
  /// cancelled the results end, and what is in flight stops within one layer, as it does when the iterator is released.
  ///
  /// - Parameters:
  ///   - images: Image files, their contents, or pixels.
  ///   - top: How many classes are among the predictions of each image, at least 1; nil means all.
  ///   - heatmaps: Whether each classification keeps what heatmaps of it are made of.
  public func classify<Images: Sequence<ImageSource> & Sendable>(
    _ images: Images, top: Int? = 5, heatmaps: Bool = false
  ) -> some AsyncSequence<Result<Classification, ClassifierError>, Never> & Sendable {
    classify(AsyncImages(base: images), top: top, heatmaps: heatmaps)
  }

  /// Classifies the images of an asynchronous sequence, as many at once as the classifier has threads.
  ///
  /// Results come in the order of the images, a failure for each image that cannot be classified. Images are asked for as
  /// results are: at most four for each thread are in flight, however many there are. Where the task that iterates is
  /// cancelled the results end, and what is in flight stops within one layer, as it does when the iterator is released; a
  /// sequence that is being waited for an image then finds its task cancelled. An error of the sequence of images is thrown
  /// after the results of the images before it.
  ///
  /// - Parameters:
  ///   - images: Image files, their contents, or pixels.
  ///   - top: How many classes are among the predictions of each image, at least 1; nil means all.
  ///   - heatmaps: Whether each classification keeps what heatmaps of it are made of.
  public func classify<Images: AsyncSequence & Sendable>(
    _ images: Images, top: Int? = 5, heatmaps: Bool = false
  ) -> some AsyncSequence<Result<Classification, ClassifierError>, Images.Failure> & Sendable
  where Images.Element == ImageSource {
    Classifications(classifier: self, images: images, top: top, heatmaps: heatmaps)
  }
}

/// A sequence as an asynchronous one.
private struct AsyncImages<Base: Sequence<ImageSource> & Sendable>: AsyncSequence, Sendable {
  let base: Base

  func makeAsyncIterator() -> Iterator { Iterator(base: base.makeIterator()) }

  struct Iterator: AsyncIteratorProtocol {
    var base: Base.Iterator

    mutating func next() async throws(Never) -> ImageSource? { base.next() }
  }
}
