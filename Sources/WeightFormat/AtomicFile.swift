internal import Files
internal import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A new file that takes its name only when it is whole.
///
/// It has no name while it is written, where the file system has such files, else a temporary one beside its destination;
/// `commit()` makes it durable and gives it its name, and until then the old file stays. If this value is destroyed before,
/// or the process ends, even by a signal, no file is left. Only a process that is killed outright may leave a temporary file,
/// which nothing reads and which the next one that writes there removes (see `TemporaryName`).
///
/// The new file has the old one's permissions, and its owner and group where this process may give them. A symbolic link is
/// replaced, not followed; another hard link to the old file keeps the old contents.
struct AtomicFile: ~Copyable {
  let path: String
  let descriptor: CInt
  private let name: TemporaryName
  private var isNamed: Bool
  private var isCommitted = false

  /// Whether files have a temporary name from their beginning, as on file systems that have none without. For tests.
  @TaskLocal static var isNamedFromTheStart = false

  /// Refuses a path of a device, a pipe or a folder, for renaming would put a file in a device's place, and a file of another
  /// user's that may not be replaced.
  static func checkReplaceable(_ path: String) throws(WeightFormatError) {
    guard let old = try? FileStatus(of: path, followsLink: false) else { return }
    func refusal(_ found: String, _ expected: String) -> WeightFormatError {
      WeightFormatError(.system, "replace \(path)", found: found, expected: expected)
    }
    guard old.kind == .regular || old.kind == .link else { throw refusal("it is no regular file", "a regular file") }
    let user = geteuid()
    guard let folder = try? FileStatus(of: TemporaryName.folder(of: path)), folder.isSticky, user != 0,
      folder.owner != user, old.owner != user
    else { return }
    throw refusal("another user owns it, in a folder where files are their owners'", "a file of this user's")
  }

  init(replacing path: String) throws(WeightFormatError) {
    self.path = path
    name = TemporaryName(for: path)
    name.removeStale()
    do throws(SystemError) {
      if !Self.isNamedFromTheStart, let descriptor = try UnnamedFile.open(in: name.folder) {
        self.descriptor = descriptor
        isNamed = false
      } else {
        descriptor = try name.create()
        isNamed = true
      }
    } catch {
      throw .system(error.code, "create \(path)")
    }
  }

  deinit {
    if isNamed, !isCommitted { name.remove() }
    close(descriptor)
  }

  /// Writes all bytes at an offset.
  func write(_ bytes: [UInt8], at offset: Int) throws(WeightFormatError) {
    let code = unsafe bytes.withUnsafeBytes { buffer -> CInt in
      var done = 0
      while done < buffer.count {
        let result = unsafe pwrite(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
        if result < 0 {
          if errno != EINTR { return errno }
        } else {
          done += result
        }
      }
      return 0
    }
    guard code == 0 else { throw .system(code, "write \(path)") }
  }

  /// Makes the file durable and gives it its name, in place of the file that had it.
  mutating func commit() throws(WeightFormatError) {
    keepPermissions()
    guard fsync(descriptor) == 0 else { throw .system(errno, "write \(path)") }
    do throws(SystemError) {
      if !isNamed { try name.give(to: descriptor) }
      isNamed = true
      try name.become(path)
    } catch {
      throw .system(error.code, "replace \(path)")
    }
    isCommitted = true
    guard let folder = try? openFile(name.folder, O_RDONLY) else { return }  // one that may not be read
    defer { close(folder) }
    guard fsync(folder) == 0 || errno == EINVAL else { throw .system(errno, "write the folder of \(path)") }
  }

  /// Owner and group first: a change of those takes permissions away.
  private func keepPermissions() {
    guard let old = try? FileStatus(of: path, followsLink: false), old.kind == .regular else { return }
    if fchown(descriptor, old.owner, old.group) != 0 { _ = fchown(descriptor, uid_t.max, old.group) }
    _ = fchmod(descriptor, old.permissions)
  }
}
