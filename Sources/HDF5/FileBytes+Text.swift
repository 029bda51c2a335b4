import Files

extension FileBytes {
  func starts(with text: StaticString) -> Bool {
    unsafe withUnsafeBytes { bytes in
      unsafe bytes.starts(with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
  }

  /// The bytes before the first zero, or all; nil where they are not UTF-8.
  var text: String? {
    unsafe withUnsafeBytes { bytes in unsafe String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
