extension Classifier {
  /// What the classes of a model are to each other, and so what its probabilities mean.
  public enum Kind: String, Hashable, Sendable, CaseIterable, Encodable {
    /// One of the classes is right: their probabilities add up to 1.
    case exclusiveClasses = "exclusive-classes"
    /// Any number of the classes may be right, as with the tags of a photo: each has a probability of its own, and together
    /// they do not add up to 1.
    case independentLabels = "independent-labels"
    /// The network has one output value, the probability `p` that the answer to its question is yes (or the logit of it).
    /// There are two classes: no, of index 0 and probability `1 - p`, and yes, of index 1 and probability `p`.
    case yesNo = "yes-no"
  }
}

extension Classifier.Kind: CustomStringConvertible {
  public var description: String {
    switch self {
    case .exclusiveClasses: "exclusive classes"
    case .independentLabels: "independent labels"
    case .yesNo: "yes or no"
    }
  }
}
