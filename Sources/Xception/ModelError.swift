internal import WeightFormat

/// What is wrong with a model, so that it cannot classify images.
public enum ModelError: Error, Hashable, Sendable {
  /// Its file is damaged, is no weights file (.xcw), or has what this reader does not know.
  case file(WeightFormatError)
  /// Its network is not valid, or cannot be made ready to run.
  case network(GraphError)
  /// Its network's output is a map of this height, width and channels, expected a value for each class.
  case outputIsMap(shape: [Int])
  /// The preprocessing that the model file states contradicts itself or the network's input.
  case preprocessing(PreprocessingError)
}

extension ModelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .network(let error): error.description
    case .outputIsMap(let shape):
      "the network's output is a map of \(shape.map(String.init).joined(separator: "x")), expected a value for each class"
    case .preprocessing(let error): error.description
    }
  }
}

extension ModelError {
  /// - Parameter error: What validating, optimizing or planning a network threw, or reading its weights.
  init(_ error: any Error) {
    switch error {
    case let error as WeightFormatError: self = .file(error)
    case let error as GraphError: self = error.file.map(Self.file) ?? .network(error)
    default: self = .network(GraphError(node: nil, reason: "\(error)"))
    }
  }
}
