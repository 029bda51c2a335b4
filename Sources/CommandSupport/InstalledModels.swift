internal import Files
internal import PlainText

/// The weights files in the user's cache folder: `kitchenware` is the name of `kitchenware.xcw` there.
package struct InstalledModels {
  package let folder: String
  /// What XCEPTION_MODEL says: a name or a path.
  private let chosen: String?

  package init() {
    folder = Self.caches + "/xception-runtime"
    chosen = fileNameInEnvironment("XCEPTION_MODEL")
  }

  /// Their names in alphabetical order. The default model is among them only where it is a file of its own, and no link
  /// to one of the others.
  package var names: [String] {
    let entries = (try? namesInFolder(folder)) ?? []
    let files = entries.filter { $0.hasSuffix(".xcw") && !$0.hasPrefix(".") }
    let names = files.map { String($0.dropLast(".xcw".count)) }.sorted()
    return names.filter { name in
      name != Self.nameOfDefault || !names.contains { $0 != name && isSameFile(path(of: $0), path(of: name)) }
    }
  }

  /// The file of an installed model.
  package func path(of name: String) -> String { "\(folder)/\(name).xcw" }

  /// The weights file that a command line means: a file, or the name of an installed model.
  ///
  /// - Parameter argument: Nil stands for the model that XCEPTION_MODEL means, or else for the default one.
  package func path(meantBy argument: String?) throws(ModelNameError) -> String {
    guard let given = argument ?? chosen else {
      let path = path(of: Self.nameOfDefault)
      guard exists(path) else { throw .noDefault(path: path, installed: names) }
      return path
    }
    if given.contains("/") || isFile(given) { return given }
    let installed = path(of: given)
    if exists(installed) { return installed }
    // A folder, such as a SavedModel: who opens it says what is wrong with it.
    if exists(given) { return given }
    throw .unknown(given, variable: argument == nil ? "XCEPTION_MODEL" : nil, installed: names, folder: folder)
  }

  /// What may be meant by the beginning of an argument: names of installed models, weights files, and folders, which end in a
  /// slash.
  package func completions(of start: String) -> [String] {
    let place = start.lastIndex(of: "/").map { String(start[...$0]) } ?? ""
    let entries = (try? namesInFolder(place.isEmpty ? "." : place)) ?? []
    let paths = entries.filter { !$0.hasPrefix(".") }.compactMap { name in
      isFolder(place + name) ? place + name + "/" : name.hasSuffix(".xcw") ? place + name : nil
    }
    return (place.isEmpty ? names : []).filter { $0.hasPrefix(start) } + paths.filter { $0.hasPrefix(start) }.sorted()
  }

  private static let nameOfDefault = "default"

  private static var caches: String { userCaches ?? "/.cache" }

  /// The user's folder of caches; nil where the environment does not say where it is.
  static var userCaches: String? {
    #if os(macOS)
      return fileNameInEnvironment("HOME").map { $0 + "/Library/Caches" }
    #else
      return fileNameInEnvironment("XDG_CACHE_HOME") ?? fileNameInEnvironment("HOME").map { $0 + "/.cache" }
    #endif
  }

  private func exists(_ path: String) -> Bool { (try? FileStatus(of: path)) != nil }

  /// Whether there is anything but a folder at a path.
  private func isFile(_ path: String) -> Bool { exists(path) && !isFolder(path) }
}

/// Why an argument names no model.
package enum ModelNameError: Error {
  /// Neither a file nor an installed model.
  case unknown(String, variable: String?, installed: [String], folder: String)
  /// No model was given, and there is none to use instead.
  case noDefault(path: String, installed: [String])
}

extension ModelNameError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknown(let name, let variable, let installed, let folder):
      let list =
        installed.isEmpty
        ? "none is installed in \(folder). `bash Examples/quickstart.sh` installs two"
        : "those in \(folder) are \(installed.joined(separator: ", "))"
      let source = variable.map { "\($0): " } ?? ""
      return "\(source)there is no file \(name.printable), and no installed model of this name: \(list)"
    case .noDefault(let path, let installed):
      let others = installed.isEmpty ? "" : " Those installed are \(installed.joined(separator: ", ")) (--model)."
      return """
        no model: none was given, XCEPTION_MODEL is not set, and there is none at \(path).\(others)
        `bash Examples/quickstart.sh` installs a trained one there; xception-convert makes one from a file of Keras, \
        PyTorch or ONNX.
        """
    }
  }
}
