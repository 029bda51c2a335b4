/// Why a classifier could not be made or could not classify an image.
///
/// Each case carries what went wrong as values; its `description` is a sentence for people.
public enum ClassifierError: Error, Hashable, Sendable {
  /// The weights file cannot be opened or read. The error's fault is `system`; its `systemCode` is, for instance,
  /// `ENOENT` where there is no such file.
  case unreadableModel(path: String, WeightFormatError)
  /// The weights file is not valid, or its network cannot run or cannot classify images.
  case invalidModel(path: String, ModelError)
  /// The image cannot be read or decoded. The path is that of ``ImageSource/file(_:)`` and ``ImageSource/path(_:)``, nil for
  /// other sources.
  case image(ImageError, path: String?)
  /// The preprocessing of ``Classifier/Options`` contradicts itself or the network's input.
  case preprocessing(PreprocessingError)
  /// ``Classifier/Options/threads`` is not positive.
  case invalidThreadCount(Int)
  /// ``Classifier/Options/instructionSet``, or the environment variable `XCEPTION_ISA`, names an instruction set that does
  /// not exist or that this processor does not have.
  case unsupportedInstructionSet(String, supported: [String])
  /// The number of predictions that was asked for is not positive; for all classes, ask for nil.
  case invalidTop(Int)
  /// The network has no layer of this name; those that it has.
  case unknownLayer(String, known: [String])
  /// The network overflowed: an output value is infinite or not a number.
  case notFinite(outputIndex: Int, value: Float)
  /// The network overflowed before its classifier, which made finite outputs of it: a value that enters the classifier is
  /// infinite or not a number.
  case featureNotFinite(index: Int, value: Float)
  /// The system has no memory left for the weights, or for the values of a call.
  case outOfMemory(byteCount: Int)
  /// The task that asked for the classification was cancelled.
  case cancelled
}

extension ClassifierError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadableModel(let path, let error): "cannot read \(path): \(error.found)"
    case .invalidModel(let path, let error): "\(path): \(error)"
    case .image(let error, path: _): error.description
    case .preprocessing(let error): error.description
    case .invalidThreadCount(let count): "\(count) threads, expected at least 1"
    case .unsupportedInstructionSet(let name, let supported):
      "the instruction set \"\(name)\" is not supported here, expected one of \(supported.joined(separator: ", "))"
    case .invalidTop(let top): "top is \(top), expected at least 1, or nil for all classes"
    case .unknownLayer(let name, let known):
      "there is no layer \"\(name)\", expected one of \(known.joined(separator: ", "))"
    case .notFinite(let index, let value):
      "output value \(index) of the network is \(value), expected a finite number: the network overflowed"
    case .featureNotFinite(let index, let value):
      "value \(index) before the classifier is \(value), expected a finite number: the network overflowed"
    case .outOfMemory(let byteCount): "no memory left for another \(byteCount) bytes"
    case .cancelled: "the classification was cancelled"
    }
  }
}
