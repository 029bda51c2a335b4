import Evaluation

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
}
