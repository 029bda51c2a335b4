import Evaluation
import Files
import PlainText

/// A list of lines, which may name files.
struct ListFile {
  let path: String
  /// What it says; bytes that are not UTF-8 are those of names of files (see `FileName`).
  let text: String

  /// Reads a file of at most 256 MiB.
  init(_ path: String) throws(InputFileError) {
    self.path = path
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileMemory(path: path, limit: 256 << 20).bytes.array
    } catch {
      throw InputFileError(path: path, reason: error.reason)
    }
    guard !bytes.contains(0) else {
      throw InputFileError(path: path, reason: "it has a zero byte, expected text in UTF-8, not UTF-16")
    }
    text = FileName.string(bytes)
  }

  /// What is made of the text; its errors name the file.
  func callAsFunction<Result>(_ body: (String) throws(TruthError) -> Result) throws(InputFileError) -> Result {
    try InputFileError.naming(path) { () throws(TruthError) in try body(text) }
  }
}
