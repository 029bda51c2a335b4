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
///
/// A private one is readable by its owner alone, whatever the old one's permissions are.
package struct AtomicFile: ~Copyable {
  package let path: String
  package let descriptor: CInt
  private let name: TemporaryName
  private var isNamed: Bool
  private let isPrivate: Bool
  private var isCommitted = false

  /// Whether files have a temporary name from their beginning, as on file systems that have none without. For tests.
  @TaskLocal package static var isNamedFromTheStart = false

  /// Refuses a path of a device, a pipe or a folder, for renaming would put a file in a device's place, and a file of another
  /// user's that may not be replaced.
  package static func checkReplaceable(_ path: String) throws(WeightFormatError) {
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

  package init(replacing path: String, isPrivate: Bool = false) throws(WeightFormatError) {
    self.path = path
    self.isPrivate = isPrivate
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
  package func write(_ bytes: [UInt8], at offset: Int) throws(WeightFormatError) {
    var failure: WeightFormatError?
    unsafe bytes.withUnsafeBytes { bytes in
      do throws(WeightFormatError) { try unsafe write(bytes, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Writes all bytes at an offset.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(WeightFormatError) {
    var done = 0
    while done < bytes.count {
      let result = unsafe pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if result < 0 {
        guard errno == EINTR else { throw .system(errno, "write \(path)") }
      } else {
        done += result
      }
    }
  }

  /// Gives the file its name, in place of the file that had it.
  ///
  /// - Parameter isDurable: Whether it is to be whole after a loss of power too: its bytes and its name are on the disk then
  ///   before this returns.
  package mutating func commit(isDurable: Bool = true) throws(WeightFormatError) {
    if isPrivate {
      guard fchmod(descriptor, 0o600) == 0 else { throw .system(errno, "write \(path)") }
    } else {
      keepPermissions()
    }
    guard !isDurable || fsync(descriptor) == 0 else { throw .system(errno, "write \(path)") }
    do throws(SystemError) {
      if !isNamed { try name.give(to: descriptor) }
      isNamed = true
      try name.become(path)
    } catch {
      throw .system(error.code, "replace \(path)")
    }
    isCommitted = true
    guard isDurable else { return }
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
