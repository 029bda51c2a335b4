import Files

/// The names of the pictures of a run, one after the other: files as they are named, folders as they are walked, lists as
/// they are read. Nothing of those that were is kept.
struct PictureNames {
  enum Picture: Sendable {
    case file(String)
    case standardInput
    /// What was named, or is in a folder, and cannot be read.
    case unreadable(String, reason: String)

    var name: String {
      switch self {
      case .file(let name), .unreadable(let name, _): name
      case .standardInput: "-"
      }
    }
  }

  private var named: ArraySlice<String>
  private var list: NameList?
  private var walk: FolderWalk?
  /// The folder that is walked, until a picture is found in it.
  private var emptyFolder: String?
  /// Files in folders that do not end as pictures' names do.
  private(set) var leftOut = 0

  /// - Parameter list: A file that has more names; - is standard input.
  init(_ named: [String], list: String?) throws {
    self.named = named[...]
    self.list = try list.map { try NameList($0) }
  }

  mutating func next() -> Picture? {
    while true {
      do throws(FolderError) {
        if let path = try walk?.next() {
          emptyFolder = nil
          return .file(path)
        }
        leftOut += walk?.leftOut ?? 0
        walk = nil
        if let folder = emptyFolder {
          emptyFolder = nil
          return .unreadable(folder, reason: "the folder has no pictures")
        }
        if named.first == "-" {
          named.removeFirst()
          return .standardInput
        }
        guard let name = try named.isEmpty ? nextListed() : named.removeFirst() else { return nil }
        guard isFolder(name) else { return .file(name) }
        walk = try FolderWalk(name)
        emptyFolder = name
      } catch {
        emptyFolder = nil
        return .unreadable(error.path, reason: error.reason)
      }
    }
  }

  /// A list that cannot be read further ends there, with a picture of its name that cannot be read.
  private mutating func nextListed() throws(FolderError) -> String? {
    guard let list else { return nil }
    do throws(NameListError) {
      return try list.next()
    } catch {
      self.list = nil
      throw FolderError(path: error.path, reason: error.description)
    }
  }

  /// How many there are; nil where that would use up standard input or a pipe.
  static func count(_ named: [String], list: String?) -> Int? {
    if let list, !isRegularFile(list) { return nil }
    guard var names = try? PictureNames(named, list: list) else { return nil }
    var count = 0
    while names.next() != nil { count += 1 }
    return count
  }
}
