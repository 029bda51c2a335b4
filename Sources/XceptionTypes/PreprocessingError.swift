/// A preprocessing that contradicts itself or the input it is for.
public struct PreprocessingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The property of `Preprocessing` that is wrong.
  public let property: String
  public let found: String
  public let expected: String

  package init(property: String, found: String, expected: String) {
    self.property = property
    self.found = found
    self.expected = expected
  }

  public var description: String { "preprocessing: \(property) is \(found), expected \(expected)" }
}
