internal import Files
internal import PlainText
internal import WeightFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that a command writes beside what it prints: the old one stays until the new one is whole, and nothing is left of
/// one that never is.
///
/// A symbolic link leads to the file that is replaced. What is no regular file, such as a pipe, and what is a standard stream
/// of this process, such as `/dev/stdout`, get the bytes as they come; so does a file that nothing can be put in the place of:
/// one that is mounted, as containers get single files, or whose folder takes no new files.
package final class OutputFile {
  private let path: String
  private let descriptor: CInt
  /// Nil where the bytes go to their destination as they come.
  private var file: AtomicFile?

  package init(_ path: String) throws(OutputFileError) {
    self.path = path
    switch Destination(path) {
    case .file(let target):
      do throws(WeightFormatError) {
        try AtomicFile.checkReplaceable(target)
        let file = try AtomicFile(replacing: target)
        descriptor = file.descriptor
        self.file = consume file
      } catch {
        throw OutputFileError(path: path, reason: error.found)
      }
    case .stream(let stream):
      descriptor = dup(stream)
      guard descriptor >= 0 else { throw OutputFileError(path: path, reason: "\(SystemError.last)") }
    case .other:
      do throws(SystemError) {
        descriptor = try openFile(path, O_WRONLY | O_TRUNC)
      } catch {
        throw OutputFileError(path: path, reason: "\(error)")
      }
    }
  }

  deinit { if file == nil { close(descriptor) } }

  package func append(_ text: String) throws(OutputFileError) { try append(Array(text.utf8)) }

  package func append(_ bytes: [UInt8]) throws(OutputFileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 || errno == EINTR else { throw OutputFileError(path: path, reason: "\(SystemError.last)") }
      rest = rest.dropFirst(max(count, 0))
    }
  }

  /// Puts the file in the old one's place; without it that stays.
  package func finish() throws(OutputFileError) {
    do throws(WeightFormatError) {
      try file?.commit()
    } catch {
      throw OutputFileError(path: path, reason: error.found)
    }
  }

  package static func save(_ bytes: [UInt8], to path: String) throws(OutputFileError) {
    let file = try OutputFile(path)
    try file.append(bytes)
    try file.finish()
  }

  /// Finds out whether a file could be written, so that long work need not come first.
  ///
  /// - Parameter inputs: Files that the command reads, which it must not write over.
  package static func check(_ path: String, notOf inputs: [String] = []) throws(OutputFileError) {
    try check(path, isNoneOf: inputs)
    // A pipe must not be opened: whoever reads from it would find its end.
    if case .other = Destination(path) {
      let isWritable = unsafe path.withFileName { unsafe access($0, W_OK) } == 0
      if !isWritable { throw OutputFileError(path: path, reason: "\(SystemError.last)") }
    } else {
      _ = try OutputFile(path)
    }
  }
}

extension OutputFile {
  /// Refuses to write over a file that the command reads, by whatever name: one that was named, in a list, or in a folder.
  package static func check(_ path: String, isNoneOf inputs: some Sequence<String>) throws(OutputFileError) {
    guard let output = try? FileStatus(of: path), output.kind == .regular else { return }
    if inputs.contains(where: { (try? FileStatus(of: $0))?.isOfSameFile(as: output) == true }) {
      throw OutputFileError(path: path, reason: "it is also an input")
    }
  }
}

/// A file that cannot be written.
package struct OutputFileError: Error, CustomStringConvertible {
  package let path: String
  package let reason: String
  package var description: String { "\(path.printable) cannot be written: \(reason)" }
}

/// What a path leads to.
private enum Destination {
  /// A regular file, or a name that no file has yet.
  case file(String)
  /// A regular file that standard output or standard error goes to: another in its place would not get what is printed.
  case stream(CInt)
  /// What is written as the bytes come.
  case other

  init(_ path: String) {
    guard let status = try? FileStatus(of: path) else {
      self = .file(targetOfLinks(path))
      return
    }
    if status.kind == .other {
      self = .other
    } else if let stream = [1, 2].first(where: { (try? FileStatus(of: $0))?.isOfSameFile(as: status) == true }) {
      self = .stream(stream)
    } else {
      let target = targetOfLinks(path)
      self = Self.isReplaceable(target, status) ? .file(target) : .other
    }
  }

  private static func isReplaceable(_ target: String, _ status: FileStatus) -> Bool {
    let around = folder(around: target)
    guard let place = try? FileStatus(of: around), place.isOfSameDevice(as: status) else { return false }
    return unsafe around.withFileName { unsafe access($0, W_OK) } == 0
  }
}
