internal import PlainText

/// Why a file's bytes cannot be read.
package struct FileError: Error, Hashable, CustomStringConvertible {
  package var path: String
  package var reason: String

  package var description: String { "\(path.printable): \(reason)" }
}
