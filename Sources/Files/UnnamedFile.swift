internal import CSystem
internal import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that has no name yet, so that nothing is left of it where the process ends.
package enum UnnamedFile {
  /// - Returns: Its descriptor; nil where the file system has no such files.
  package static func open(in folder: String) throws(SystemError) -> CInt? {
    let descriptor = unsafe folder.withFileName { unsafe open_unnamed_file($0, 0o666) }
    guard descriptor < 0 else { return descriptor }
    if [ENOTSUP, EOPNOTSUPP].contains(errno) { return nil }
    throw .last
  }

  /// Gives it a name that no file has.
  package static func name(_ descriptor: CInt, _ path: String) throws(SystemError) {
    guard unsafe path.withFileName({ unsafe name_file(descriptor, $0) }) == 0 else { throw .last }
  }
}

/// From now on a signal that ends this process removes a file first.
package func removeOnSignal(_ path: String) { unsafe path.withFileName { unsafe _ = remove_on_signal($0) } }

/// Undoes `removeOnSignal`.
package func keepOnSignal() { keep_on_signal() }
