import Activations
package import ModelGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a network's last values become probabilities of classes.
package struct Head: Hashable, Sendable {
  package let kind: Classifier.Kind
  /// Two for a network of one output value, else one for each value.
  package let classCount: Int
  let areLogits: Bool

  /// - Parameter valueCount: The network's output values. One alone answers one question, whichever kind of output it is
  ///   called: a softmax of it would always be 1.
  package init(_ output: Metadata.Output, valueCount: Int) {
    let isOfLabels: Bool
    (isOfLabels, areLogits) =
      switch output {
      case .classLogits: (false, true)
      case .classProbabilities: (false, false)
      case .labelLogits: (true, true)
      case .labelProbabilities: (true, false)
      }
    kind = valueCount == 1 ? .yesNo : isOfLabels ? .independentLabels : .exclusiveClasses
    classCount = max(valueCount, 2)
  }

  package init(of model: Model) {
    self.init(model.metadata.output, valueCount: model.graph.outputShape.elementCount)
  }

  /// The probability of each class.
  package func probabilities(of values: [Float]) -> [Float] {
    switch (kind, areLogits) {
    case (.exclusiveClasses, true): softmax(values)
    case (.independentLabels, true): values.map(sigmoid)
    // Not 1 - sigmoid(x), which has no digits left where that is near 1.
    case (.yesNo, true): [sigmoid(-values[0]), sigmoid(values[0])]
    case (.yesNo, false): [1 - values[0], values[0]]
    case (_, false): values
    }
  }

  /// The logarithm of a class's odds, its probability against that of everything else, in double precision: where
  /// probabilities are near 1 and differ in the last digit only, those of all others still tell them apart.
  func logOdds(of classIndex: Int, values: [Float]) -> Double {
    func logarithm(_ value: Double) -> Double { log(max(value, Double(Float.leastNonzeroMagnitude))) }
    let others = values.indices.filter { $0 != classIndex }
    switch (kind, areLogits) {
    case (.exclusiveClasses, true):
      let largest = Double(others.map { values[$0] }.max() ?? 0)
      let sum = others.reduce(0) { $0 + exp(Double(values[$1]) - largest) }
      return Double(values[classIndex]) - largest - log(sum)
    case (.exclusiveClasses, false):
      return logarithm(Double(values[classIndex])) - logarithm(others.reduce(0) { $0 + Double(values[$1]) })
    case (.independentLabels, true): return Double(values[classIndex])
    case (.yesNo, true): return classIndex == 0 ? -Double(values[0]) : Double(values[0])
    case (_, false):
      let probability = Double(values[kind == .yesNo ? 0 : classIndex])
      let logOdds = logarithm(probability) - logarithm(1 - probability)
      return kind == .yesNo && classIndex == 0 ? -logOdds : logOdds
    }
  }

  /// The names of the classes, from the names that a model file has: the one name of a yes/no classifier is that of yes.
  package func labels(_ names: [String]) -> [String] {
    kind == .yesNo && names.count == 1 ? ["not \(names[0])", names[0]] : names
  }
}

/// The exponentials of the logits divided by their sum, in double precision; the largest is subtracted first, so that none
/// overflows.
private func softmax(_ logits: [Float]) -> [Float] {
  let largest = Double(logits.max() ?? 0)
  let exponentials = logits.map { exp(Double($0) - largest) }
  let sum = exponentials.reduce(0, +)
  return exponentials.map { Float($0 / sum) }
}

private func sigmoid(_ logit: Float) -> Float { Float(Activation.sigmoid(Double(logit))) }
