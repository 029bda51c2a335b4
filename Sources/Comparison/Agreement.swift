internal import Xception

/// How far two models agree about a set of pictures.
package struct Agreement: Sendable {
  /// A figure, and the picture that it comes from.
  package struct Extreme: Hashable, Sendable {
    package var value: Double
    package var picture: String
  }

  package struct Disagreement: Hashable, Sendable, Encodable {
    package var picture: String
    /// The label, or the index where there are no labels, of each model's most probable class.
    package var a: String
    package var b: String
  }

  package struct Unreadable: Hashable, Sendable, Encodable {
    package var picture: String
    package var error: String
  }

  /// The pictures that both models classified.
  package private(set) var pictureCount = 0
  /// The pictures whose most probable classes differ.
  package private(set) var disagreements: [Disagreement] = []
  /// Over all classes and pictures.
  package private(set) var largestDifference: Extreme?
  /// Of the angle between the features; nil where the models have none, or not the same number.
  package private(set) var worstCosine: Extreme?
  private var cosineSum = 0.0
  /// The pictures that one of the models could not classify, which are not counted.
  package internal(set) var unreadable: [Unreadable] = []

  package var sameClassCount: Int { pictureCount - disagreements.count }
  package var sameClassShare: Double { pictureCount == 0 ? 1 : Double(sameClassCount) / Double(pictureCount) }
  package var meanCosine: Double? { worstCosine == nil ? nil : cosineSum / Double(pictureCount) }

  package init() {}

  /// Adds a picture. The models have the same number of classes.
  mutating func add(_ picture: String, _ first: Classification, _ second: Classification) {
    pictureCount += 1
    let (a, b) = (first.predictions[0], second.predictions[0])
    if a.classIndex != b.classIndex {
      disagreements.append(Disagreement(picture: picture, a: a.name, b: b.name))
    }
    let difference = largestDistance(first.probabilities, second.probabilities)
    if difference >= largestDifference?.value ?? 0 { largestDifference = Extreme(value: difference, picture: picture) }
    guard !first.features.isEmpty, first.features.count == second.features.count else { return }
    let cosine = cosine(first.features, second.features)
    cosineSum += cosine
    if cosine <= worstCosine?.value ?? .infinity { worstCosine = Extreme(value: cosine, picture: picture) }
  }
}

/// The cosine of the angle between two vectors: 1 for two zero vectors; 0 where one is zero or a value is not finite.
func cosine(_ a: [Float], _ b: [Float]) -> Double {
  var (product, squareA, squareB) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    product += Double(x) * Double(y)
    squareA += Double(x) * Double(x)
    squareB += Double(y) * Double(y)
  }
  guard squareA > 0 || squareB > 0 else { return squareA == squareB ? 1 : 0 }
  let cosine = product / (squareA * squareB).squareRoot()
  return cosine.isFinite ? cosine : 0
}

private func largestDistance(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0) { max($0, Double(abs($1.0 - $1.1))) }
}

extension Prediction {
  fileprivate var name: String { label ?? "class \(classIndex)" }
}
