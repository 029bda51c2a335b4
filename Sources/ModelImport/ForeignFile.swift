import Files
import PlainText

/// A file of another program: its bytes, mapped where it is a regular file, and where they came from.
package struct ForeignFile: Sendable {
  package let path: String
  package let bytes: FileBytes

  /// The last component of its path, as a weights file can hold it: what is no UTF-8, a control character or a backslash is
  /// replaced.
  package var name: String {
    let component = FileName.bytes(path).split(separator: UInt8(ascii: "/")).last ?? []
    let scalars = String(decoding: component, as: UTF8.self).unicodeScalars.map { scalar -> Unicode.Scalar in
      scalar.properties.generalCategory == .control || scalar == "\\" ? "\u{fffd}" : scalar
    }
    return scalars.isEmpty ? "\u{fffd}" : String(String.UnicodeScalarView(scalars))
  }

  /// The start of its neighbors' paths: its folder with a slash, or nothing. Slashes are sought among scalars, because a slash
  /// and a combining mark after it are one character.
  var folder: String {
    let scalars = path.unicodeScalars
    return scalars.lastIndex(of: "/").map { String(scalars[...$0]) } ?? ""
  }

  /// A file in memory.
  package init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = FileBytes(bytes)
  }

  /// - Parameter limit: How many bytes the file may have.
  package init(path: String, limit: Int) throws(ImportError) {
    self.path = path
    if isFolder(path) {
      let isSavedModel = (try? FileStatus(of: path + "/saved_model.pb"))?.kind == .regular
      throw .file(path: path, reason: isSavedModel ? ForeignKind.savedModel.refusal : "a folder, expected a file")
    }
    do throws(FileError) {
      bytes = try FileMemory(path: path, limit: limit).bytes
    } catch {
      throw .file(path: path, reason: error.reason)
    }
  }

  /// The 32 bytes of its SHA-256.
  package func digest() -> [UInt8] { unsafe bytes.withUnsafeBytes { unsafe SHA256.digest(of: $0) } }

  /// What the file is, by its content.
  package func kind() -> ForeignKind { ForeignKind(of: bytes) }

  func error(_ reason: String) -> ImportError { .file(path: path, reason: reason) }
}
