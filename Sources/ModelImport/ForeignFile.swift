import HDF5

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file of another program: its bytes, mapped where it is a regular file, and where they came from.
package struct ForeignFile: Sendable {
  package let path: String
  package let bytes: FileBytes

  /// The last component of its path.
  package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// A file in memory.
  package init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = FileBytes(bytes)
  }

  /// - Parameter limit: How many bytes the file may have.
  package init(path: String, limit: Int) throws(ImportError) {
    self.path = path
    if isFolder(path) {
      let isSavedModel = isFile(path + "/saved_model.pb")
      throw .file(path: path, reason: isSavedModel ? ForeignKind.savedModel.refusal : "a folder, expected a file")
    }
    do throws(HDF5Error) {
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

func isFolder(_ path: String) -> Bool { mode(path).map { $0 & S_IFMT == S_IFDIR } ?? false }
private func isFile(_ path: String) -> Bool { mode(path).map { $0 & S_IFMT == S_IFREG } ?? false }

private func mode(_ path: String) -> mode_t? {
  var status = stat()
  return unsafe stat(path, &status) == 0 ? status.st_mode : nil
}
