internal import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the system knows of a file.
package struct FileStatus {
  package enum Kind {
    case regular, folder, link, other
  }

  package let kind: Kind
  package let size: Int
  /// The permissions, without the bits that lend a program its owner's.
  package let permissions: mode_t
  package let owner: uid_t
  package let group: gid_t
  /// Whether only the owner of a file in this folder, and the folder's own, may replace it.
  package let isSticky: Bool
  /// Whether a folder has it.
  package let hasName: Bool
  /// What tells this file, as it is now, from others and from what it was before: any change of its contents, its name or its
  /// permissions changes it.
  package let identity: FileIdentity
  private let device: dev_t
  private let number: ino_t

  /// - Parameter followsLink: Whether it is the status of what a symbolic link leads to, or of the link.
  package init(of path: String, followsLink: Bool = true) throws(SystemError) {
    var status = stat()
    let result = unsafe path.withFileName { unsafe followsLink ? stat($0, &status) : lstat($0, &status) }
    guard result == 0 else { throw .last }
    self.init(status)
  }

  package init(of descriptor: CInt) throws(SystemError) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .last }
    self.init(status)
  }

  private init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
    size = Int(clamping: status.st_size)
    permissions = status.st_mode & 0o777
    owner = status.st_uid
    group = status.st_gid
    isSticky = status.st_mode & mode_t(S_ISVTX) != 0
    hasName = status.st_nlink > 0
    identity = FileIdentity(status)
    device = status.st_dev
    number = status.st_ino
  }

  /// Whether both lie in one file system, as a file and its folder do where nothing is mounted on the file.
  package func isOfSameDevice(as other: FileStatus) -> Bool { device == other.device }

  /// Whether both are of one file.
  package func isOfSameFile(as other: FileStatus) -> Bool { device == other.device && number == other.number }
}

/// Whether a path leads to a folder.
package func isFolder(_ path: String) -> Bool { (try? FileStatus(of: path))?.kind == .folder }
