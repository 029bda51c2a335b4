/// Why a classifier could not be made or could not classify an image. Each case carries a sentence for people.
public enum ClassifierError: Error, Hashable, Sendable {
  /// The model file cannot be read, is not valid, or holds a network that cannot classify images.
  case model(String)
  /// The image cannot be read or is not valid.
  case image(String)
  /// An option or an argument is out of range or not supported on this processor.
  case argument(String)
  /// The task that asked for the classification was cancelled.
  case cancelled
}

extension ClassifierError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .model(let reason), .image(let reason), .argument(let reason): reason
    case .cancelled: "the classification was cancelled"
    }
  }
}
