/// One class of a classification, with how likely the network considers it.
public struct Prediction: Hashable, Sendable {
  /// The index of the class, from 0: that of the network's output value, or of a yes/no classifier 0 for no and 1 for yes.
  public let classIndex: Int
  /// The name of the class, where the model file has labels.
  public let label: String?
  /// From 0 to 1. The probabilities of all classes add up to 1, except those of independent labels: see
  /// ``Classifier/kind-swift.property``.
  public let probability: Float
}
