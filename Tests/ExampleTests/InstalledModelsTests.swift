import Foundation
import SmallModel
import Testing

/// A cache folder with models in it, for one test.
struct Caches: ~Copyable {
  let root: URL
  let models: URL

  /// - Parameter names: Of the small model, installed under each.
  init(_ names: [String]) throws {
    root = FileManager.default.temporaryDirectory.appending(path: "caches-\(UUID().uuidString)")
    #if os(macOS)
      models = root.appending(path: "Library/Caches/xception-runtime")
    #else
      models = root.appending(path: "xception-runtime")
    #endif
    try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
    for name in names {
      try FileManager.default.copyItem(at: SmallModel.shared.get().file, to: models.appending(path: "\(name).xcw"))
    }
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  func linkDefault(to name: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: models.appending(path: "default.xcw").path, withDestinationPath: "\(name).xcw")
  }

  func run(_ command: String, _ arguments: [String], model: String = "") throws -> Command.Result {
    try Command.run(
      command, arguments, environment: ["XDG_CACHE_HOME": root.path, "HOME": root.path, "XCEPTION_MODEL": model])
  }
}

@Suite("Models by name")
struct InstalledModelsTests {
  let photo: String

  init() throws { photo = try SmallModel.shared.get().photos[0].path }

  /// What `--models --json` prints for a model.
  private struct Entry: Decodable {
    var name: String
    var path: String
    var `default`: Bool
    var network: String?
    var classes: Int?
    var bytes: Int?
    var error: String?

    static func all(_ result: Command.Result) throws -> [Entry] {
      try result.lines.map { try JSONDecoder().decode(Entry.self, from: Data($0.utf8)) }
    }
  }

  @Test func `The option --models lists the installed models and marks the default`() throws {
    let caches = try Caches(["kitchen", "garden"])
    try caches.linkDefault(to: "garden")
    let result = try caches.run("xception-run", ["--models"])
    #expect(result.status == 0, "\(result.errors)")
    let words = result.lines.map { $0.split(separator: " ").map(String.init) }
    try #require(words.count == 3)
    #expect(words[0] == ["model", "network", "classes", "size"])
    #expect(words[1].prefix(3) == ["garden", "Xception", "5"] && words[1].last == "default")
    #expect(words[2].prefix(3) == ["kitchen", "Xception", "5"] && words[2].last == "MB")
  }

  @Test func `The options --models --json print an object per model per line`() throws {
    let caches = try Caches(["kitchen", "garden"])
    try caches.linkDefault(to: "garden")
    let entries = try Entry.all(caches.run("xception-run", ["--models", "--json"]))
    #expect(entries.map(\.name) == ["garden", "kitchen"])
    #expect(entries.map(\.default) == [true, false])
    for entry in entries {
      #expect(entry.path == caches.models.appending(path: "\(entry.name).xcw").path)
      #expect(entry.network == "Xception" && entry.classes == 5)
      #expect(entry.bytes == (try Data(contentsOf: URL(filePath: entry.path)).count))
      #expect(entry.error == nil)
    }
  }

  @Test func `XCEPTION_MODEL names the model that is marked and used`() throws {
    let caches = try Caches(["kitchen", "garden"])
    try caches.linkDefault(to: "garden")
    let entries = try Entry.all(caches.run("xception-run", ["--models", "--json"], model: "kitchen"))
    #expect(entries.map(\.default) == [false, true])
    try Data("damaged".utf8).write(to: caches.models.appending(path: "garden.xcw"))
    #expect(try caches.run("xception-run", [photo], model: "kitchen").status == 0)
    #expect(try caches.run("xception-run", [photo]).status == 1)
  }

  @Test func `A file that cannot be used is listed with the reason, and the exit code is 1`() throws {
    let caches = try Caches(["kitchen"])
    try Data("not a model".utf8).write(to: caches.models.appending(path: "broken.xcw"))
    let text = try caches.run("xception-run", ["--models"])
    #expect(text.status == 1)
    #expect(text.errors.contains("broken.xcw: ") && !text.output.contains("broken"))
    #expect(text.output.contains("kitchen"))
    let entries = try Entry.all(caches.run("xception-run", ["--models", "--json"]))
    #expect(entries.map(\.name) == ["broken", "kitchen"])
    #expect(entries.map { $0.error == nil } == [false, true])
  }

  @Test func `A default model that is a file of its own is listed, too`() throws {
    let caches = try Caches(["default", "kitchen"])
    let entries = try Entry.all(caches.run("xception-run", ["--models", "--json"]))
    #expect(entries.map(\.name) == ["default", "kitchen"])
    #expect(entries.map(\.default) == [true, false])
  }

  @Test func `Without any model --models says how to get some`() throws {
    let result = try Caches([]).run("xception-run", ["--models"])
    #expect(result.status == 0 && result.output.isEmpty)
    #expect(result.errors.contains("Examples/quickstart.sh"))
  }

  @Test func `Every command finds a model by its name`() throws {
    let caches = try Caches(["kitchen"])
    let folder = try SmallModel.shared.get().folder.path
    let truth = caches.root.appending(path: "truth.csv")
    try Data("file,label\n\(photo),\(SmallModel.labels[0])\n".utf8).write(to: truth)
    let commands = [
      ("xception-run", ["--model", "kitchen", photo]), ("xception-inspect", ["kitchen"]),
      ("xception-inspect", ["compare", "kitchen", "kitchen", "--images", folder]),
      ("xception-bench", ["kitchen", "--runs", "1"]),
      ("xception-inspect", ["evaluate", "kitchen", truth.path]),
      ("xception-convert", ["kitchen", caches.root.appending(path: "copy.xcw").path]),
    ]
    for (command, arguments) in commands {
      let result = try caches.run(command, arguments)
      #expect(result.status == 0, "\(command): \(result.errors)")
    }
  }

  @Test func `An unknown name is an error that lists those there are`() throws {
    let caches = try Caches(["kitchen", "garden"])
    let commands = [
      ("xception-run", ["--model", "kitchens", photo]), ("xception-inspect", ["kitchens"]),
      ("xception-bench", ["kitchens"]), ("xception-inspect", ["evaluate", "kitchens", photo]),
      ("xception-convert", ["kitchens", caches.root.appending(path: "copy.xcw").path]),
    ]
    for (command, arguments) in commands {
      let result = try caches.run(command, arguments)
      #expect(result.status == 1)
      #expect(result.errors.contains("kitchens") && result.errors.contains("garden, kitchen"), "\(result.errors)")
    }
    let named = try caches.run("xception-run", [photo], model: "kitchens")
    #expect(named.status == 1)
    #expect(named.errors.contains("XCEPTION_MODEL") && named.errors.contains("garden, kitchen"), "\(named.errors)")
    let unnamed = try caches.run("xception-run", [photo])
    #expect(unnamed.errors.contains("garden, kitchen"), "\(unnamed.errors)")
  }

  @Test func `A path is never taken for a name`() throws {
    let caches = try Caches(["kitchen"])
    let result = try caches.run("xception-run", ["--model", "./kitchen", photo])
    #expect(result.status == 1)
    #expect(result.errors.contains("./kitchen") && !result.errors.contains("installed"), "\(result.errors)")
  }

  @Test(arguments: [["--models", "photo.jpg"], []])
  func `Images and --models exclude each other, and one is needed`(arguments: [String]) throws {
    #expect(try Command.run("xception-run", arguments).status == 64)
  }
}
