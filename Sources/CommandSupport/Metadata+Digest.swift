package import ModelGraph

extension Metadata.Source {
  /// The SHA-256 in hexadecimal.
  package var hexadecimalDigest: String {
    sha256.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
