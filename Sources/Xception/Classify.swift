#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// Classifies one image with the model of a weights file and returns the five most probable classes.
///
/// The model is loaded again at each call. For more than one image make a ``Classifier`` once.
public func classify(_ image: URL, model: URL) throws(ClassifierError) -> [Prediction] {
  try Classifier(contentsOf: model).classify(imageAt: image)
}
