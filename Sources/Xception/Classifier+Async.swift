internal import Runtime

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension Classifier {
  /// Classifies an image without blocking the caller's actor; stops within one layer of its task being cancelled.
  ///
  /// - Parameters:
  ///   - image: An image file, its contents, or pixels.
  ///   - top: How many classes, at least 1; nil means all.
  @concurrent
  public func classify(_ image: ImageSource, top: Int? = 5) async throws(ClassifierError) -> [Prediction] {
    try await classification(of: image, top: top).predictions
  }

  /// Classifies an image file without blocking the caller's actor; stops within one layer of its task being cancelled.
  ///
  /// - Parameters:
  ///   - url: The image file.
  ///   - top: How many classes, at least 1; nil means all.
  @concurrent
  public func classify(imageAt url: URL, top: Int? = 5) async throws(ClassifierError) -> [Prediction] {
    try await classify(.file(url), top: top)
  }

  /// Classifies an image without blocking the caller's actor and returns all that one pass through the network says;
  /// stops within one layer of its task being cancelled.
  ///
  /// - Parameters:
  ///   - image: An image file, its contents, or pixels.
  ///   - top: How many classes are among the predictions, at least 1; nil means all.
  ///   - heatmaps: Whether the classification keeps what heatmaps of it are made of.
  @concurrent
  public func classification(
    of image: ImageSource, top: Int? = 5, heatmaps: Bool = false
  ) async throws(ClassifierError) -> Classification {
    let cancellation = Cancellation()
    let result = await withTaskCancellationHandler {
      Result { () throws(ClassifierError) in
        try classification(of: image, top: top, heatmaps: heatmaps, cancellation: cancellation)
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try result.get()
  }
}
