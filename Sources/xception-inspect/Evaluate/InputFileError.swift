import Evaluation
import Files

/// What is wrong with a file that says what is right.
struct InputFileError: Error, CustomStringConvertible {
  let path: String
  let reason: String

  var description: String { "\(path): \(reason)" }

  /// Adds the file's path to an error in it.
  static func naming<Result>(
    _ path: String, _ body: () throws(TruthError) -> Result
  ) throws(InputFileError) -> Result {
    do throws(TruthError) {
      return try body()
    } catch {
      throw InputFileError(path: path, reason: error.description)
    }
  }

  /// The text of a file of at most 256 MiB.
  static func text(ofFileAt path: String) throws(InputFileError) -> String {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileMemory(path: path, limit: 256 << 20).bytes.array
    } catch {
      throw InputFileError(path: path, reason: error.reason)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw InputFileError(path: path, reason: "it is not UTF-8 text")
    }
    return text
  }
}
