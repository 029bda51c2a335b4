import Comparison
import Files
import PlainText

#if canImport(Glibc)
  @unsafe @preconcurrency import Glibc
#elseif canImport(Musl)
  @unsafe @preconcurrency import Musl
#elseif canImport(Darwin)
  @unsafe @preconcurrency import Darwin
#endif

/// The pictures of a folder and of the folders inside it, by the ends of their names.
///
/// Names that begin with a dot are left out, AppleDouble files among them, and so is what is no regular file. Links are
/// followed, but not to a folder that the walk is in. Names are sorted, in a folder of more than `batch` in parts of so many,
/// so that no folder is too large.
struct FolderWalk {
  static let batch = 4096
  /// Folders that link to each other could be walked without end.
  static let linkLimit = PictureFolder.linkLimit

  /// The folders that the walk is in, the innermost last.
  private var open: [OpenFolder]
  private var linkCount = 0
  /// Regular files that do not end as pictures' names do.
  private(set) var leftOut = 0

  init(_ path: String) throws(FolderError) { open = [try OpenFolder(path)] }

  /// - Throws: Where a folder cannot be read, or not to its end; the walk goes on with what follows it.
  mutating func next() throws(FolderError) -> String? {
    while let folder = open.last {
      guard let entry = try folder.next() else {
        open.removeLast()
        continue
      }
      let path = folder.path.hasSuffix("/") ? folder.path + entry.name : folder.path + "/" + entry.name
      if entry.isFolder {
        if entry.isLink { linkCount += 1 }
        guard linkCount <= Self.linkLimit else {
          defer { open = [] }
          throw FolderError(path: path, reason: "more than \(Self.linkLimit) links to folders lead here")
        }
        let inner = try OpenFolder(path)
        if !open.contains(where: inner.isSame) { open.append(inner) }
      } else if PictureFolder.isPicture(entry.name) {
        return path
      } else {
        leftOut += 1
      }
    }
    return nil
  }
}

/// A folder that cannot be read.
struct FolderError: Error {
  var path: String
  var reason: String
}

/// A folder whose names are being read.
@safe private final class OpenFolder {
  struct Entry {
    var name: String
    var isFolder: Bool
    var isLink: Bool
  }

  let path: String
  private let status: FileStatus
  #if canImport(Darwin)
    private let stream: UnsafeMutablePointer<DIR>
  #else
    private let stream: OpaquePointer
  #endif
  /// Read already, the last of them comes next.
  private var entries: [Entry] = []
  private var isAtEnd = false
  /// What ended the reading, to be told after the entries before it.
  private var error: SystemError?

  init(_ path: String) throws(FolderError) {
    do throws(SystemError) {
      status = try FileStatus(of: path)
    } catch {
      throw FolderError(path: path, reason: "cannot read the folder: \(error)")
    }
    guard let stream = unsafe path.withFileName({ unsafe opendir($0) }) else {
      throw FolderError(path: path, reason: "cannot read the folder: \(SystemError.last)")
    }
    self.path = path
    unsafe self.stream = unsafe stream
  }

  deinit { unsafe closedir(stream) }

  func isSame(_ other: OpenFolder) -> Bool { status.isOfSameFile(as: other.status) }

  func next() throws(FolderError) -> Entry? {
    if entries.isEmpty, !isAtEnd { readBatch() }
    if let entry = entries.popLast() { return entry }
    guard let error else { return nil }
    self.error = nil
    throw FolderError(path: path, reason: "cannot read the folder to its end: \(error)")
  }

  private func readBatch() {
    while entries.count < FolderWalk.batch {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        isAtEnd = true
        if errno != 0 { error = .last }
        break
      }
      // Not the field itself, which is declared longer than the entry is.
      let start = unsafe UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
      let name = unsafe FileName.string(cString: start.assumingMemoryBound(to: CChar.self))
      let type = unsafe Int32(entry.pointee.d_type)
      if !name.hasPrefix("."), let isFolder = isFolder(name, type: type) {
        entries.append(Entry(name: name, isFolder: isFolder, isLink: type == Int32(DT_LNK)))
      }
    }
    entries.sort { $0.name > $1.name }
  }

  /// Nil for what is neither a folder nor a regular file. Some file systems do not say what an entry is; a link that leads
  /// nowhere is a file, which cannot be read.
  private func isFolder(_ name: String, type: Int32) -> Bool? {
    switch type {
    case Int32(DT_DIR): return true
    case Int32(DT_REG): return false
    case Int32(DT_LNK), Int32(DT_UNKNOWN):
      guard let status = try? FileStatus(of: path + "/" + name) else { return false }
      return status.kind == .folder ? true : status.kind == .regular ? false : nil
    default: return nil
    }
  }
}

/// Whether a path leads to a file that can be read twice.
func isRegularFile(_ path: String) -> Bool { (try? FileStatus(of: path))?.kind == .regular }
