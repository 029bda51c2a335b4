import CommandSupport
import PlainText
import WeightFormat
import Xception

/// The installed models, as `--models` prints them.
struct ModelList {
  struct Entry: Encodable {
    var name: String
    var path: String
    /// Whether it is used where none is named.
    var `default`: Bool
    var network: String?
    var classes: Int?
    var bytes: Int?
    /// Why its file cannot be used.
    var error: String?
  }

  let folder: String
  let entries: [Entry]

  init(_ installed: InstalledModels = InstalledModels()) {
    folder = installed.folder
    let used = try? installed.path(meantBy: nil)
    entries = installed.names.map { name in
      let path = installed.path(of: name)
      return Entry(name: name, at: path, isDefault: used.map { isSameFile($0, path) } ?? false)
    }
  }

  /// A line for each that can be used, the default model marked.
  var text: String {
    let rows = entries.filter { $0.error == nil }.map { entry in
      [
        entry.name.printable, entry.network?.printable ?? "", entry.classes.map(grouped) ?? "",
        entry.bytes.map(megabytes) ?? "", entry.default ? "default" : "",
      ]
    }
    return table([["model", "network", "classes", "size", ""]] + rows, leftAligned: [0, 1, 4])
  }
}

extension ModelList.Entry {
  fileprivate init(name: String, at path: String, isDefault: Bool) {
    self.name = name
    self.path = path
    self.default = isDefault
    do throws(WeightFormatError) {
      let file = try WeightFile(contentsOf: path)
      network = file.model.metadata.architecture
      classes = Head(of: file.model).classCount
      bytes = file.fileBytes
    } catch {
      self.error = "\(error)"
    }
  }
}
