import ModelGraph

extension WeightFile {
  /// Writes a model to a file, which has its old contents or all of the new ones at any time.
  ///
  /// The same model gives the same bytes (with the same version of zlib). What was written is read back and checked
  /// before it replaces the old file, so nothing is written that a reader with the standard limits would refuse.
  ///
  /// - Parameters:
  ///   - path: The new file has the permissions of one that it replaces, and its owner and group where this process may give
  ///     them. A symbolic link there is replaced, not followed, and other hard links to the old file keep its contents; a
  ///     device, a pipe or a folder is an error.
  ///   - floatType: What floating-point weights of more than one dimension are stored as; nil keeps their types. Values
  ///     are rounded to nearest, ties to even; those beyond the type are an error that names the tensor.
  ///   - progress: Told which part of the weights is written, 0 to 1.
  package static func write(
    _ model: Model, to path: String, profile: StorageProfile = .compact, floatType: ElementType? = nil,
    progress: (Double) -> Void = { _ in }
  ) throws(WeightFormatError) {
    try AtomicFile.checkReplaceable(path)
    var encoder = try FileEncoder(model, profile: profile, floatType: floatType)
    var file = try AtomicFile(replacing: path)
    try encoder.encodeData(progress: progress) { bytes, offset throws(WeightFormatError) in
      try file.write(bytes, at: offset)
    }
    try file.write(try encoder.head(), at: 0)
    try WeightFile(rereading: file).verifyContents()
    try file.commit()
  }

  /// Finds out whether a file could be written, so that long work need not come first: one is made beside it, which goes away
  /// at once.
  package static func checkDestination(_ path: String) throws(WeightFormatError) {
    try AtomicFile.checkReplaceable(path)
    _ = try AtomicFile(replacing: path)
  }

  /// Refuses what `write` would refuse of all but the weights, so that long work need not come first.
  package static func check(_ model: Model) throws(WeightFormatError) {
    try FileEncoder(model, profile: .compact, floatType: nil).checkSections()
  }

  /// Why a file cannot hold a text; nil where it can.
  package static func refusal(ofText text: String, allowsLines: Bool = false) -> String? {
    let (count, limit) = (text.utf8.count, ReadLimits.standard.textBytes)
    guard count <= limit else { return "found \(count) bytes, expected at most \(limit)" }
    return ByteReader.control(in: text, allowsLines: allowsLines).map {
      "found the control character \($0.value), expected none"
    }
  }

  /// The bytes that `write` puts into a file.
  package static func bytes(
    of model: Model, profile: StorageProfile = .compact, floatType: ElementType? = nil
  ) throws(WeightFormatError) -> [UInt8] {
    var encoder = try FileEncoder(model, profile: profile, floatType: floatType)
    var data: [UInt8] = []
    try encoder.encodeData { bytes, _ in data += bytes }
    let bytes = try encoder.head() + data
    try WeightFile(bytes: bytes).verifyContents()
    return bytes
  }
}
